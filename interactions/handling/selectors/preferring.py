"""By which channel a customer likes to be written to: what they said, and what they do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from interactions.cases.choices import Direction, Outcome
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.customers.models import Preference

CHANNEL_TOPIC: Final = "channel"
LOOKS_AT: Final = 10
AT_LEAST: Final = 3
SHARE: Final = 0.6


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the customer said, and how we know."""

    channel: Channel
    source: str
    said_at: datetime


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What they chose themselves `times` of their last `of` contacts. It suggests, and decides nothing."""

    channel: Channel
    times: int
    of: int


def stated_channel(customer_id: int | None) -> Stated | None:
    """The channel that the customer said they prefer."""
    told = Preference.objects.filter(customer_id=customer_id or 0, topic__iexact=CHANNEL_TOPIC).order_by("-set_at")
    said = told.first()
    channel = _channel_named(said.value) if said is not None else None
    if said is None or channel is None:
        return None
    return Stated(channel=channel, source=said.source_words, said_at=said.set_at)


def learned_channel(customer_id: int | None) -> Learned | None:
    """The channel of most of the contacts that they began of late; None where there are few, or it is no habit."""
    began = Interaction.objects.filter(customer_id=customer_id or 0, direction=Direction.INBOUND)
    real = began.exclude(outcome=Outcome.NOT_A_CONTACT).order_by("-started_at", "-pk")
    chosen = list(real.values_list("channel", flat=True)[:LOOKS_AT])
    if len(chosen) < AT_LEAST:
        return None
    most = max(dict.fromkeys(chosen), key=chosen.count)
    times = chosen.count(most)
    return Learned(channel=Channel(most), times=times, of=len(chosen)) if times >= SHARE * len(chosen) else None


def _channel_named(told: str) -> Channel | None:
    """By its name outside or by what people call it."""
    wanted = told.strip().casefold()
    found = (channel for channel in Channel if wanted in {channel.slug, str(channel.label).casefold()})
    return next(found, None)
