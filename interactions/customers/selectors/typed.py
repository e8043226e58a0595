"""Addresses that a customer typed: into a form, before a chat, or for its answers. Nobody vouches for them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from interactions.channels.choices import Channel
from interactions.customers.choices import PHONE_PUNCTUATION, IdentityKind, normalise_identity
from interactions.customers.models import Customer

# The newest contacts of the channels on which something is asked; of each what stands beside the words.
LOOKED_AT: Final = 20
MOST: Final = 20
ASKING: Final = (Channel.CHAT, Channel.WEB_FORM)
# "030 901820" is a number of some country; its last digits can still be somebody's.
NATIONAL: Final = re.compile(r"0[1-9]\d{7,13}")


@dataclass(frozen=True)
class Typed:
    """One address, normalised, and where it was typed. `is_ending`: only the last digits of a number are known."""

    kind: IdentityKind
    value: str
    channel: int
    at: datetime
    is_ending: bool = False


def typed_by(customer: Customer) -> Sequence[Typed]:
    """What looks like an address among the answers of the customer's newest contacts, each once, newest first."""
    recent = customer.interactions.filter(channel__in=ASKING).order_by("-started_at", "-pk").values("pk")[:LOOKED_AT]
    told = customer.interactions.filter(pk__in=recent, messages__meta__has_any_keys=["chat", "form"])
    rows = told.order_by("-started_at", "messages__pk").values_list("channel", "started_at", "messages__meta")
    found: dict[tuple[str, str], Typed] = {}
    for channel, at, meta in rows:
        for text in _answers(meta):
            typed = _read(text, channel, at)
            if typed is not None:
                found.setdefault((typed.kind, typed.value), typed)
    return list(found.values())[:MOST]


def _answers(meta: Mapping[str, Any]) -> Iterator[str]:
    """The form of a web form and what was asked before a chat, as their doors write them."""
    for place in ("chat", "form"):
        told = meta.get(place)
        if not isinstance(told, dict):
            continue
        answers = [one.get("answer") for one in told.get("answers") or () if isinstance(one, dict)]
        yield from (answer for answer in [told.get("email"), *answers] if isinstance(answer, str) and answer)


def _read(text: str, channel: int, at: datetime) -> Typed | None:
    for kind in (IdentityKind.EMAIL, IdentityKind.PHONE):
        try:
            return Typed(kind, normalise_identity(kind, text), channel, at)
        except ValueError:
            continue
    digits = PHONE_PUNCTUATION.sub("", text)
    if NATIONAL.fullmatch(digits):
        return Typed(IdentityKind.PHONE, digits[1:], channel, at, is_ending=True)
    return None
