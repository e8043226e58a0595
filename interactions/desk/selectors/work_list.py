"""The list at the left: what rings, what is mine, what waits for the customer, and the queues."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind, InteractionStatus
from interactions.cases.models import Interaction, Message, Segment
from interactions.customers.choices import shown_identity
from interactions.customers.models import Customer
from interactions.desk.selectors.targets import Targets
from interactions.handling.choices import HELD, STANDS
from interactions.handling.models import SENDING_ORDER, Sending, SendingState
from interactions.routing.models import Offer, Queue

PAGE = 50
MOST_SHOWN = 500
OWN_LIMIT = 200
LINE = 160
# A promise is near when this share of it is used up.
NEAR = 0.75
TROUBLED = (SendingState.FAILED, SendingState.UNKNOWN)
UNSENT_SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """One contact of the list. `waits` are seconds since the customer began to wait for us, None if they do not."""

    interaction: Interaction
    name: str
    line: str
    line_by: str
    waits: int | None
    target: int | None
    offer: Offer | None = None
    rings_on: int = 0
    # How many messages of ours to this customer did not leave, or perhaps did not.
    troubled: int = 0

    @property
    def rings_for(self) -> int:
        """Seconds the offer rings in all."""
        return 0 if self.offer is None else round((self.offer.expires_at - self.offer.offered_at).total_seconds())

    @property
    def needs_answer(self) -> bool:
        return self.waits is not None

    @property
    def used(self) -> int:
        """How much of the promised time is used up, in percent, 100 at most."""
        if self.waits is None or not self.target:
            return 0
        return min(100, round(100 * self.waits / self.target))

    @property
    def tone(self) -> str:
        if self.waits is None or not self.target:
            return ""
        return "bad" if self.waits >= self.target else "warning" if self.waits >= NEAR * self.target else ""


@dataclass(frozen=True)
class OpenQueue:
    """A queue with how many wait in it; `rows` are there while it is unfolded."""

    key: str
    name: str
    waiting: int
    is_open: bool = False
    rows: Sequence[Row] = ()
    next_shown: int = 0

    @property
    def is_whole(self) -> bool:
        return len(self.rows) >= self.waiting


@dataclass(frozen=True)
class WorkList:
    """Everything the list shows at one moment."""

    ringing: Sequence[Row]
    mine: Sequence[Row]
    pending: Sequence[Row]
    queues: Sequence[OpenQueue]
    # Over, and yet what I wrote last in them has not arrived.
    unsent: Sequence[Row] = ()

    @property
    def is_empty(self) -> bool:
        return not (
            self.ringing or self.mine or self.pending or self.unsent or any(queue.waiting for queue in self.queues)
        )


@dataclass(frozen=True)
class Choice:
    """Which queue is unfolded and how many of its rows are wanted."""

    queue: str = ""
    shown: int = PAGE

    @classmethod
    def read(cls, queue: str, shown: str) -> "Choice":
        number = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 5 else PAGE
        return cls(queue=queue, shown=max(PAGE, min(number, MOST_SHOWN)))


NO_QUEUE = "none"


def work_list(*, user: User, choice: Choice) -> WorkList:
    """The list of one agent, in a number of queries that does not depend on how much there is."""
    now = timezone.now()
    offers = {
        offer.interaction_id: offer
        for offer in Offer.objects.visible_to(user).ringing().filter(expires_at__gt=now - timedelta(seconds=30))
    }
    ringing = list(_shown(Interaction.objects.filter(pk__in=offers)).order_by("started_at", "pk"))
    own = _shown(Interaction.objects.filter(agent=user).exclude(status=InteractionStatus.CLOSED))
    held = [row for row in own.order_by("started_at", "pk")[:OWN_LIMIT] if row.pk not in offers]
    unsent = [row for row in _unsent(user, now) if row.pk not in offers]
    waiting = _waiting(user)
    counts = dict(waiting.order_by().values_list("queue_id").annotate(number=Count("pk")))
    names = list(Queue.objects.visible_to(user).filter(is_active=True).order_by("name"))
    rows = _rows_of(waiting, names, choice)
    all_rows = [*ringing, *held, *unsent, *rows]
    make = _Maker(now, Targets(now=now), _last_lines(all_rows), offers, _troubled(all_rows))
    mine = [make.row(row) for row in held if row.status != InteractionStatus.PENDING]
    # Who waits for us stands above, the longest first; the rest keeps its place by age.
    mine.sort(key=lambda row: (row.waits is None, -(row.waits or 0)))
    pending = [make.row(row) for row in held if row.status == InteractionStatus.PENDING]
    pending.sort(key=lambda row: (row.interaction.snoozed_until is None, row.interaction.snoozed_until or now))
    shown = make.rows(rows)
    queues = [_open_queue(str(queue.public_id), queue.name, counts.pop(queue.pk, 0), choice, shown) for queue in names]
    rest = sum(counts.values())
    if rest:
        queues.append(_open_queue(NO_QUEUE, "", rest, choice, shown))
    return WorkList(ringing=make.rows(ringing), mine=mine, pending=pending, queues=queues, unsent=make.rows(unsent))


def _unsent(user: User, now: datetime) -> QuerySet[Interaction]:
    """The user's contacts that ended lately, and in which something of ours has not arrived, or perhaps has not.

    They go once it is sent again, left as it is, or the customer wrote, or was reached, later in that contact's case.
    """
    sendings = _in_trouble().filter(message__interaction=OuterRef("pk"))
    later = Sending.objects.filter(
        message__interaction__case=OuterRef("message__interaction__case"),
        pk__gt=OuterRef("pk"),
        state__in=SENDING_ORDER,
    )
    # By their stretches, which are found by agent and time; what is over is not.
    handled = Segment.objects.filter(agent=user, started_at__gt=now - UNSENT_SHOWN).values("interaction")
    over = Interaction.objects.filter(pk__in=handled, agent=user, status=InteractionStatus.CLOSED)
    over = over.filter(Exists(sendings.filter(~Exists(later))))
    return _shown(over).order_by("started_at", "pk")[:OWN_LIMIT]


def _waiting(user: User) -> QuerySet[Interaction]:
    return Interaction.objects.visible_to(user).filter(status=InteractionStatus.WAITING, agent__isnull=True)


def _rows_of(waiting: QuerySet[Interaction], queues: Sequence[Queue], choice: Choice) -> list[Interaction]:
    if not choice.queue:
        return []
    if choice.queue == NO_QUEUE:
        rows = waiting.exclude(queue__in=queues)
    else:
        chosen = [queue for queue in queues if str(queue.public_id) == choice.queue]
        rows = waiting.filter(queue__in=chosen)
    return list(_shown(rows).order_by("-priority", "started_at", "pk")[: choice.shown])


def _open_queue(key: str, name: str, waiting: int, choice: Choice, rows: Sequence[Row]) -> OpenQueue:
    if key != choice.queue:
        return OpenQueue(key=key, name=name, waiting=waiting)
    return OpenQueue(
        key=key, name=name, waiting=waiting, is_open=True, rows=rows, next_shown=min(choice.shown + PAGE, MOST_SHOWN)
    )


def _shown(rows: QuerySet[Interaction]) -> QuerySet[Interaction]:
    return rows.select_related("customer", "identity", "queue", "agent", "case")


def _last_lines(interactions: Iterable[Interaction]) -> dict[int, Message]:
    """The last thing said in each contact, notes left out; only its beginning is read."""
    last = Message.objects.filter(interaction=OuterRef("pk"), is_note=False).order_by("-sent_at", "-pk").values("pk")
    ids = [interaction.pk for interaction in interactions]
    found = Interaction.objects.filter(pk__in=ids).annotate(last=Subquery(last[:1])).values("last")
    said = Message.objects.filter(pk__in=found).defer("body").annotate(start=Left("body", LINE))
    return {message.interaction_id: message for message in said}


def _in_trouble() -> QuerySet[Sending]:
    """What did not arrive, or perhaps did not, and asks for somebody: until they decide that it may stand, or the
    customer wrote after it, whom to answer now stands in the list anyway. What was held back for that is still held.
    """
    wrote = Interaction.objects.filter(
        Q(pk=OuterRef("message__interaction")) | Q(case=OuterRef("message__interaction__case")),
        last_customer_message_at__gt=OuterRef("message__sent_at"),
    )
    rows = Sending.objects.filter(state__in=TROUBLED).exclude(message__meta__has_key=STANDS)
    return rows.filter(Q(error_code=HELD) | ~Exists(wrote))


def _troubled(interactions: Iterable[Interaction]) -> dict[int, int]:
    ids = [interaction.pk for interaction in interactions]
    rows = _in_trouble().filter(message__interaction__in=ids).order_by()
    return dict(rows.values_list("message__interaction").annotate(number=Count("pk")))


@dataclass(frozen=True)
class _Maker:
    now: datetime
    targets: Targets
    lines: dict[int, Message]
    offers: dict[int, Offer]
    troubled: dict[int, int]

    def rows(self, interactions: Iterable[Interaction]) -> list[Row]:
        return [self.row(interaction) for interaction in interactions]

    def row(self, interaction: Interaction) -> Row:
        said = self.lines.get(interaction.pk)
        since = waiting_since(interaction, said)
        offer = self.offers.get(interaction.pk)
        return Row(
            interaction=interaction,
            name=name_of(interaction),
            line=" ".join(str(getattr(said, "start", "")).split()) or interaction.subject or _title_of(interaction),
            line_by=said.author_kind if said else "",
            waits=None if since is None else max(0, int((self.now - since).total_seconds())),
            target=self.targets.seconds_for(interaction),
            offer=offer,
            rings_on=max(0, round((offer.expires_at - self.now).total_seconds())) if offer else 0,
            troubled=self.troubled.get(interaction.pk, 0),
        )


def _title_of(interaction: Interaction) -> str:
    """What a call is about stands nowhere but at its case."""
    return interaction.case.title if interaction.case is not None else ""


def waiting_since(interaction: Interaction, last: Message | None) -> datetime | None:
    """Since when the customer waits for our answer; None while it is not our turn."""
    if interaction.status == InteractionStatus.WAITING and interaction.first_answered_at is None:
        return interaction.started_at
    if interaction.status not in {InteractionStatus.WAITING, InteractionStatus.ACTIVE}:
        return None
    if last is None or last.author_kind != AuthorKind.CUSTOMER:
        return interaction.started_at if interaction.first_answered_at is None else None
    return last.sent_at


def name_of(interaction: Interaction) -> str:
    """What to call the customer: name, else the address they wrote from, else nothing."""
    customer: Customer | None = interaction.customer
    if customer is not None and (customer.name or customer.erased_at is not None):
        return str(customer)
    identity = interaction.identity
    return shown_identity(identity.kind, identity.value, name=str) if identity else ""


def queue_ids_followed(user: User) -> list[UUID]:
    """The queues whose news the list listens for."""
    return list(
        Queue.objects.visible_to(user).filter(is_active=True).order_by("name").values_list("public_id", flat=True)
    )
