"""What customers said, for the owner who can do something about it: only of contacts the reader may see, no names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from analytics.kpis.questions import Period
from ccx.kernel.models import User
from feedback.models import Response
from interactions.cases.choices import Direction
from interactions.channels.choices import Channel
from interactions.models import Interaction

MOST_REASONS = 6
MOST_WORDS = 3
LONGEST = 220
# A contact may open without a word; so many of the newest are looked at.
LOOKED_AT = 12


@dataclass(frozen=True, kw_only=True)
class Said:
    """Something a customer said: the first words of a contact, or a comment in a survey."""

    text: str
    at: datetime
    channel: str
    is_comment: bool = False


def words_of(reason_ids: Iterable[int], period: Period, *, user: User) -> dict[int, Sequence[Said]]:
    """The newest words per reason, comments first; reasons without any are left out."""
    wanted = [reason for reason in reason_ids if reason][:MOST_REASONS]
    seen = Interaction.objects.visible_to(user).filter(
        direction=Direction.INBOUND,
        started_at__gte=_midnight(period.first),
        started_at__lt=_midnight(period.last + timedelta(days=1)),
    )
    comments = _comments(seen.filter(reason_id__in=wanted))
    found: dict[int, Sequence[Said]] = {}
    for reason in wanted:
        said = comments.get(reason, [])[:1]
        said += _openings(seen.filter(reason_id=reason))[: MOST_WORDS - len(said)]
        if said:
            found[reason] = said
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


def _comments(seen: "QuerySet[Interaction]") -> dict[int, list[Said]]:
    rows = Response.objects.filter(interaction__in=seen).exclude(comment="").order_by("-answered_at")
    found: dict[int, list[Said]] = {}
    fields = ("interaction__reason_id", "comment", "answered_at", "interaction__channel")
    for reason, comment, at, channel in rows.values_list(*fields)[: MOST_REASONS * LOOKED_AT]:
        said = Said(text=_shortened(comment), at=at, channel=Channel(channel).slug, is_comment=True)
        found.setdefault(reason, []).append(said)
    return found


def _openings(seen: "QuerySet[Interaction]") -> list[Said]:
    newest = list(
        seen.exclude(channel=Channel.VOICE)
        .order_by("-started_at")
        .values_list("pk", "started_at", "channel")[:LOOKED_AT]
    )
    words = Interaction.objects.filter(pk__in=[pk for pk, _at, _channel in newest]).opening_words()
    return [
        Said(text=_shortened(words[pk]), at=at, channel=Channel(channel).slug)
        for pk, at, channel in newest
        if words.get(pk, "").strip()
    ]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rsplit(' ', 1)[0]} …"
