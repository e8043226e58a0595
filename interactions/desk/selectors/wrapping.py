"""What the wrap-up panel offers: the reasons with their paths, and which of them are worth a first look."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import ContactReason, Disposition, Interaction

# What a wrap-up that ended by itself held can be said by the agent for so long; then nobody remembers.
COMPLETE_WITHIN: Final = timedelta(days=1)
SHOWN_REASONS: Final = 30
SUGGESTIONS: Final = 3
OFTEN_DAYS: Final = 30
# The newest contacts of the centre that are looked at for what a queue is about; the answer is kept for a while.
OFTEN_AMONG: Final = 20_000
OFTEN_KEPT_SECONDS: Final = 600
LAST_CONTACTS: Final = 5
SEPARATOR: Final = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


@dataclass(frozen=True)
class ReasonPath:
    """A reason one may choose, with its way from the root."""

    reason: ContactReason
    path: str

    @property
    def parents(self) -> str:
        """The way without the reason itself."""
        return self.path.rpartition(SEPARATOR)[0]


@dataclass(frozen=True)
class Suggestion:
    """A reason worth a first look, and why it is offered."""

    choice: ReasonPath
    because: str


@dataclass(frozen=True)
class WrapUp:
    """The panel as it stands: `mode` is running, finish, watch (another's), complete (it ended by itself) or over."""

    interaction: Interaction
    mode: str
    suggestions: tuple[Suggestion, ...]
    chosen: ReasonPath | None
    dispositions: tuple[Disposition, ...]
    disposition_id: str
    all_reasons: tuple[ReasonPath, ...]
    now: datetime

    @property
    def seconds_left(self) -> int:
        """The rest of the wrap-up's time."""
        ends_at = self.interaction.wrap_up_ends_at
        return max(0, int((ends_at - self.now).total_seconds())) if ends_at else 0


def wrap_up(interaction: Interaction, user: User, chosen_id: str = "", disposition_id: str = "") -> WrapUp:
    """The panel of a contact the user was found to see, with the reason and the outcome chosen so far."""
    mode = _mode(interaction, user)
    is_asking = mode in {"finish", "complete"}
    paths = reason_paths()
    outcomes = Disposition.objects.filter(is_active=True).order_by("name") if is_asking else ()
    return WrapUp(
        interaction=interaction,
        mode=mode,
        suggestions=tuple(_suggestions(interaction, paths)) if is_asking else (),
        chosen=_chosen(paths, chosen_id) or paths.get(interaction.reason_id or 0),
        dispositions=tuple(outcomes),
        disposition_id=disposition_id,
        all_reasons=tuple(paths.values()) if is_asking else (),
        now=timezone.now(),
    )


def may_finish(interaction: Interaction, user: User) -> bool:
    """The agent whose contact it is, or who looks after the floor."""
    return interaction.agent_id == user.pk or user.can(Ability.SUPERVISE)


def may_say(interaction: Interaction, user: User) -> bool:
    """Whether the user may say now what was in this contact: while it is not over, or soon after it ended by itself."""
    return _mode(interaction, user) == "complete" or (not interaction.is_closed and may_finish(interaction, user))


def reason_paths() -> dict[int, ReasonPath]:
    """Every reason one may choose, by id: active with all above it, in the order of their paths."""
    rows = {row.pk: row for row in ContactReason.objects.all()}
    paths = {}
    for row in rows.values():
        line = _line(row, rows)
        if all(reason.is_active for reason in line):
            paths[row.pk] = ReasonPath(row, SEPARATOR.join(reason.name for reason in line))
    return dict(sorted(paths.items(), key=lambda item: item[1].path.casefold()))


def find_reasons(text: str) -> list[ReasonPath]:
    """Reasons whose paths hold every word; those whose own name begins with the text come first."""
    wanted = text.casefold().split()
    fitting = [row for row in reason_paths().values() if all(word in row.path.casefold() for word in wanted)]
    start = text.casefold().strip()
    return sorted(fitting, key=lambda row: not row.reason.name.casefold().startswith(start))[:SHOWN_REASONS]


def _line(row: ContactReason, rows: Mapping[int, ContactReason]) -> list[ContactReason]:
    """From the root down to the reason."""
    line = [row]
    while line[0].parent_id is not None and len(line) < 20:
        line.insert(0, rows[line[0].parent_id])
    return line


def _mode(interaction: Interaction, user: User) -> str:
    if interaction.status == InteractionStatus.WRAP_UP:
        return "finish" if may_finish(interaction, user) else "watch"
    if not interaction.is_closed:
        return "running"
    closed_at = interaction.closed_at
    is_fresh = closed_at is not None and closed_at > timezone.now() - COMPLETE_WITHIN
    if interaction.is_wrap_up_default and is_fresh and may_finish(interaction, user):
        return "complete"
    return "over"


def _chosen(paths: Mapping[int, ReasonPath], chosen_id: str) -> ReasonPath | None:
    try:
        public_id = UUID(chosen_id)
    except ValueError:
        return None
    return next((row for row in paths.values() if row.reason.public_id == public_id), None)


def _suggestions(interaction: Interaction, paths: Mapping[int, ReasonPath]) -> Iterable[Suggestion]:
    """At most three, each once: said with the contact, the customer's last ones, what the queue is mostly about."""
    offered: dict[int, str] = {}
    if interaction.reason_id is not None:
        offered[interaction.reason_id] = _("came with this contact")
    for reason_id in _of_last_contacts(interaction):
        offered.setdefault(reason_id, _("from their last contacts"))
    for reason_id in often_chosen(interaction.queue_id):
        offered.setdefault(reason_id, _("often chosen here"))
    known = [(paths[pk], because) for pk, because in offered.items() if pk in paths]
    return [Suggestion(choice, because) for choice, because in known[:SUGGESTIONS]]


def _of_last_contacts(interaction: Interaction) -> list[int]:
    if interaction.customer_id is None:
        return []
    rows = Interaction.objects.filter(customer_id=interaction.customer_id, started_at__lt=interaction.started_at)
    last = rows.order_by("-started_at").values_list("reason_id", flat=True)[:LAST_CONTACTS]
    counted = Counter(reason_id for reason_id in last if reason_id)
    return [pk for pk, _n in counted.most_common()]


def often_chosen(queue_id: int | None) -> list[int]:
    """The reasons a queue's contacts had most in the last weeks, most first."""
    if queue_id is None:
        return []
    key = f"desk:often:{queue_id}"
    known: list[int] | None = cache.get(key)
    if known is None:
        since = timezone.now() - timedelta(days=OFTEN_DAYS)
        newest = Interaction.objects.filter(started_at__gte=since).order_by("-started_at")
        rows = newest.values_list("queue_id", "reason_id")[:OFTEN_AMONG]
        counted = Counter(reason for queue, reason in rows if queue == queue_id and reason is not None)
        known = [pk for pk, _n in counted.most_common(SUGGESTIONS)]
        cache.set(key, known, OFTEN_KEPT_SECONDS)
    return known
