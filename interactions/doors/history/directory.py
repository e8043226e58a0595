"""Names of a source turned into rows here: queues, teams, agents, reasons, inboxes. Made where they are missing."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import models
from django.utils.text import slugify

from ccx.kernel.models import Team, User
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Inbox, Queue


@dataclass
class Directory:
    """Remembers what it has found; one per run. `scope` keeps account numbers of two systems apart.

    A dry one makes no rows: what is missing gets a number below zero, good for looking at and for nothing else.
    """

    source_id: int | None
    source_name: str
    scope: str
    time_zone: str
    is_dry: bool = False
    _found: dict[tuple[str, str], int] = field(default_factory=dict)
    _names: dict[tuple[str, int], str] = field(default_factory=dict)

    def inbox(self, name: str, channel: Channel) -> int:
        """The inbox of the source for a channel; the second and later channels are named in it."""
        known = self._found.get(("inbox", f"{name}/{channel.slug}"))
        if known is not None:
            return known
        inbox = Inbox.objects.filter(name=name[:120]).first()
        is_other = inbox is not None and inbox.channel != channel.value
        wanted = f"{name[:100]} ({channel.slug})" if is_other else name[:120]
        defaults = {"channel": channel.value, "time_zone": self.time_zone}
        return self._row("inbox", f"{name}/{channel.slug}", Inbox, {"name": wanted}, defaults)

    def team(self, name: str) -> int | None:
        """The team of this name."""
        return self._named("team", name, Team, {"name": name[:120]}, {}) if name else None

    def queue(self, name: str, team_id: int | None) -> int | None:
        """The queue of this name."""
        return self._named("queue", name, Queue, {"name": name[:120]}, {"team_id": team_id}) if name else None

    def agent(self, name: str, team_id: int | None) -> int | None:
        """A person of the past: has a row to hang figures on, and cannot sign in."""
        if not name:
            return None
        known = self._found.get(("agent", name))
        if known is not None:
            return known
        email = f"{_word(name, 40)}@{slugify(self.scope)[:40] or 'source'}.invalid"
        defaults = {"name": name[:120], "team_id": team_id, "is_active": False, "password": "!"}
        return self._row("agent", name, User, {"email": email}, defaults)

    def reason(self, name: str) -> int | None:
        """The reason of this name in this source."""
        if not name:
            return None
        known = self._found.get(("reason", name))
        if known is not None:
            return known
        code = f"{slugify(self.scope)[:20]}.{_word(name, 38)}"
        return self._row("reason", name, ContactReason, {"code": code}, {"name": name[:120]})

    def name_of(self, kind: str, number: int | None) -> str:
        """What the source calls a row that this directory has found."""
        return self._names.get((kind, number), "") if number is not None else ""

    def _named(
        self, kind: str, name: str, model: type[models.Model], lookup: dict[str, Any], defaults: dict[str, Any]
    ) -> int:
        known = self._found.get((kind, name))
        return known if known is not None else self._row(kind, name, model, lookup, defaults)

    def _row(
        self, kind: str, name: str, model: type[models.Model], lookup: dict[str, Any], defaults: dict[str, Any]
    ) -> int:
        rows = model._default_manager
        if self.is_dry:
            number = rows.filter(**lookup).values_list("pk", flat=True).first() or -1 - len(self._found)
        else:
            number = rows.get_or_create(**lookup, defaults=defaults)[0].pk
        self._found[kind, name] = number
        self._names[kind, number] = name
        return int(number)


def _word(name: str, limit: int) -> str:
    """A name as one plain word; where that says less than the name, with a mark that tells two such names apart."""
    word = slugify(name)
    if len(word) <= limit and word.replace("-", " ") == name.lower():
        return word
    return f"{word[: limit - 9]}-{sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
