"""Reads of the audit log."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ccx.kernel.audit.choices import KIND_NAMES, Door
from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.people.models import User

PAGE_SIZE = 50
CHUNK = 2000


@dataclass(frozen=True, kw_only=True)
class Change:
    """One column of a changed row."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """An entry as people read it."""

    entry: AuditEntry
    actor: str
    action: str
    door: str
    kind: str
    changes: list[Change]


def entries_for(user: User, filters: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """What the user may see of the log, newest first, narrowed by the cleaned fields of AuditFilterForm."""
    rows = AuditEntry.objects.visible_to(user)
    if filters.get("actor"):
        words = filters["actor"]
        people = User.objects.filter(Q(name__icontains=words) | Q(email__icontains=words))
        rows = rows.filter(actor_id__in=people.values("pk"))
    if filters.get("kind"):
        rows = rows.filter(object_kind=filters["kind"])
    if filters.get("object_id"):
        rows = rows.filter(object_id=filters["object_id"])
    if filters.get("action"):
        rows = rows.filter(action=filters["action"])
    if filters.get("first_day"):
        rows = rows.filter(at__gte=_start_of(filters["first_day"]))
    if filters.get("last_day"):
        rows = rows.filter(at__lt=_start_of(filters["last_day"] + timedelta(days=1)))
    return rows.newest_first()


def page_of(rows: QuerySet[AuditEntry], *, before_id: int | None) -> tuple[list[Told], int | None]:
    """One page that starts below an entry, and the entry to go on from; None where the log ends."""
    if before_id:
        border = AuditEntry.objects.filter(pk=before_id).first()
        if border is None:
            return [], None
        rows = rows.filter(Q(at__lt=border.at) | Q(at=border.at, pk__lt=border.pk))
    found = list(rows[: PAGE_SIZE + 1])
    told = list(tell(found[:PAGE_SIZE]))
    return told, found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None


def tell_all(rows: QuerySet[AuditEntry], *, most: int) -> Iterator[Told]:
    """The same entries for an export, in chunks."""
    chunk: list[AuditEntry] = []
    for entry in rows[:most].iterator(chunk_size=CHUNK):
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield from tell(chunk)
            chunk = []
    yield from tell(chunk)


def tell(entries: Iterable[AuditEntry]) -> Iterator[Told]:
    """Names for ids, and what changed column by column. Two queries at most, however many entries."""
    entries = list(entries)
    actors = {entry.actor_id for entry in entries if entry.actor_id}
    names = dict(User.objects.filter(pk__in=actors).values_list("pk", "name")) if actors else {}
    doors = dict(Door.choices)
    for entry in entries:
        yield Told(
            entry=entry,
            actor=names.get(entry.actor_id, "") if entry.actor_id else "",
            action=entry.get_action_display(),
            door=str(doors.get(entry.door, entry.door)),
            kind=str(KIND_NAMES.get(entry.object_kind, entry.object_kind)),
            changes=_changes(entry.before or {}, entry.after or {}),
        )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    columns = [*before, *(column for column in after if column not in before)]
    return [Change(column=name, before=_text(before.get(name)), after=_text(after.get(name))) for name in columns]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
