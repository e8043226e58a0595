"""Names of a source turned into rows here: queues, teams, agents, reasons, inboxes. Made where they are missing."""

from dataclasses import dataclass, field

from django.utils.text import slugify

from ccx.kernel.models import Team, User
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Inbox, Queue


@dataclass
class Directory:
    """Remembers what it has found; one per run. `scope` keeps account numbers of two systems apart."""

    source_id: int | None
    source_name: str
    scope: str
    time_zone: str
    _found: dict[tuple[str, str], int] = field(default_factory=dict)

    def inbox(self, name: str, channel: Channel) -> int:
        """The inbox of the source for a channel; the second and later channels are named in it."""
        key = ("inbox", f"{name}/{channel.slug}")
        if key not in self._found:
            inbox = Inbox.objects.filter(name=name).first()
            if inbox is None or inbox.channel != channel.value:
                wanted = name if inbox is None else f"{name} ({channel.slug})"
                inbox, _ = Inbox.objects.get_or_create(
                    name=wanted[:120], defaults={"channel": channel.value, "time_zone": self.time_zone}
                )
            self._found[key] = inbox.pk
        return self._found[key]

    def team(self, name: str) -> int | None:
        if not name:
            return None
        key = ("team", name)
        if key not in self._found:
            self._found[key] = Team.objects.get_or_create(name=name[:120])[0].pk
        return self._found[key]

    def queue(self, name: str, team_id: int | None) -> int | None:
        if not name:
            return None
        key = ("queue", name)
        if key not in self._found:
            self._found[key] = Queue.objects.get_or_create(name=name[:120], defaults={"team_id": team_id})[0].pk
        return self._found[key]

    def agent(self, name: str, team_id: int | None) -> int | None:
        """A person of the past: has a row to hang figures on, and cannot sign in."""
        if not name:
            return None
        key = ("agent", name)
        if key not in self._found:
            local = slugify(name)[:40] or "agent"
            user, _ = User.objects.get_or_create(
                email=f"{local}@{slugify(self.scope)[:40] or 'source'}.invalid",
                defaults={"name": name[:120], "team_id": team_id, "is_active": False, "password": "!"},
            )
            self._found[key] = user.pk
        return self._found[key]

    def reason(self, name: str) -> int | None:
        if not name:
            return None
        key = ("reason", name)
        if key not in self._found:
            code = f"{slugify(self.scope)[:20]}.{slugify(name)[:38] or 'reason'}"
            self._found[key] = ContactReason.objects.get_or_create(code=code, defaults={"name": name[:120]})[0].pk
        return self._found[key]
