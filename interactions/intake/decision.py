"""Same interaction, same case? The rules, as pure functions of a contact and of what is known.

"What is known" is state that a batch shares: each contact is decided over what the ones before it left, so many at
once and one by one are the same thing. Right means: as if contacts were told in the order they are given; a history
batch is given in the order of `occurred_at`. Across batches the order of the calls counts, with two reliefs:

- a message of a running thread that is told late moves the start of its interaction back, and its subject with it;
- a past contact that began before its case was resolved joins the case and does not reopen it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from interactions.cases.choices import CaseStatus, Direction, InteractionStatus, Outcome, ends_the_case
from interactions.channels.choices import LIVE_CHANNELS, MESSAGING_CHANNELS, Channel
from interactions.channels.contact import InboundContact
from interactions.customers.choices import Assurance

DEFAULT_WINDOW_DAYS: Final = 7
SILENCE: Final = timedelta(hours=24)
RUNNING: Final = frozenset(
    {InteractionStatus.WAITING.value, InteractionStatus.ACTIVE.value, InteractionStatus.PENDING.value}
)
# Anyone can write a References header: on these a thread is worth only what its sender is.
THREADS_BY_CLAIM: Final = frozenset({Channel.EMAIL.value})
SEALED_ANSWER: Final = "reply token"


@dataclass(slots=True)
class KnownCustomer:
    id: int
    public_id: UUID
    name: str
    language: str
    is_new: bool = False
    is_changed: bool = False


@dataclass(slots=True)
class KnownIdentity:
    id: int
    kind: str
    value: str
    customer: KnownCustomer
    assurance: int
    source: str
    first_seen_at: datetime
    last_seen_at: datetime
    is_new: bool = False
    is_changed: bool = False


@dataclass(slots=True)
class KnownCase:
    id: int
    public_id: UUID
    customer_id: int | None
    status: str
    reason_id: int | None
    window_days: int
    opened_at: datetime
    resolved_at: datetime | None = None
    reopened_count: int = 0
    last_reopened_at: datetime | None = None
    running: int = 0
    title: str = ""
    is_new: bool = False
    is_changed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status == CaseStatus.OPEN

    def was_resolved_lately(self, moment: datetime) -> bool:
        """Whether `moment` lies within the window after the resolution (or before it)."""
        return self.resolved_at is not None and moment - self.resolved_at <= timedelta(days=self.window_days)


@dataclass(slots=True)
class KnownInteraction:
    id: int
    public_id: UUID
    status: str
    case_id: int | None
    customer_id: int | None
    identity_id: int | None
    assurance: int
    subject: str
    started_at: datetime
    last_customer_message_at: datetime | None
    last_said_at: datetime
    customer_public_id: UUID | None = None
    channel: int = 0
    stored_start: datetime | None = None
    is_changed: bool = False

    @property
    def is_new(self) -> bool:
        return self.stored_start is None


@dataclass(slots=True)
class KnownCases:
    """The cases a batch may touch, by what finds them."""

    by_id: dict[int, KnownCase] = field(default_factory=dict)
    by_key: dict[tuple[int, str], int] = field(default_factory=dict)
    of_customer: dict[int, list[KnownCase]] = field(default_factory=dict)

    def add(self, case: KnownCase) -> None:
        self.by_id[case.id] = case
        if case.customer_id is not None:
            self.of_customer.setdefault(case.customer_id, []).append(case)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a contact is from, as far as is known, and how sure this very contact makes us."""

    customer_id: int | None
    assurance: int

    @property
    def is_identified(self) -> bool:
        return self.customer_id is not None and self.assurance >= Assurance.ATTESTED


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one contact. `case` is an existing one; with `opens_case` a new one is made instead."""

    joins: KnownInteraction | None = None
    case: KnownCase | None = None
    opens_case: bool = False
    reopens: bool = False
    is_case_assumed: bool = False
    resolves: bool = False
    keeps_thread: bool = True


def decide(
    contact: InboundContact,
    *,
    sender: Sender,
    thread: list[KnownInteraction],
    cases: KnownCases,
    answered: KnownInteraction | None = None,
) -> Decision:
    """The one rule of continuity; see the module's docstring for what order means.

    `answered` is what the contact says it answers: if that can be believed it counts before any thread.
    """
    trusted = [interaction for interaction in thread if _trusts_thread(contact, sender, interaction)]
    keeps_thread = bool(trusted) or not thread
    if answered is not None and _trusts_answer(contact, sender, answered):
        trusted = [answered]
    if contact.past is None:
        running = [interaction for interaction in trusted if _goes_on(contact, interaction)]
        if running:
            return Decision(joins=max(running, key=_by_start))
    if not _may_have_a_case(contact, sender):
        return Decision(keeps_thread=keeps_thread)
    case, is_assumed = _existing_case(contact, sender, trusted, cases)
    opens = case is None and (contact.direction == Direction.INBOUND or bool(contact.case_key))
    return Decision(
        case=case,
        opens_case=opens,
        reopens=case is not None and _reopens(contact, case),
        is_case_assumed=is_assumed,
        resolves=(case is not None or opens) and _resolves(contact, case),
        keeps_thread=keeps_thread,
    )


def _by_start(interaction: KnownInteraction) -> tuple[datetime, int]:
    return interaction.started_at, interaction.id


def _trusts_thread(contact: InboundContact, sender: Sender, interaction: KnownInteraction) -> bool:
    """A stranger who knows a message's id, or a forged sender, starts afresh instead of entering a conversation."""
    if contact.channel not in THREADS_BY_CLAIM:
        return True
    if contact.case_id is not None and contact.case_id == interaction.case_id:
        return True
    return sender.customer_id == interaction.customer_id and sender.assurance >= min(
        interaction.assurance, Assurance.ATTESTED
    )


def vouched_for(
    contact: InboundContact,
    identities: Mapping[tuple[str, str], KnownIdentity],
    answered: KnownInteraction | None,
) -> InboundContact:
    """A sealed answer attests its sender, if it is the customer to whom the sealed mail was written."""
    claim = contact.identity
    if claim is None or answered is None or not contact.is_answer_sealed or claim.assurance >= Assurance.ATTESTED:
        return contact
    identity = identities.get((claim.kind, claim.value))
    if identity is None or identity.customer.id != answered.customer_id:
        return contact
    return replace(contact, identity=replace(claim, assurance=Assurance.ATTESTED, source=SEALED_ANSWER))


def _trusts_answer(contact: InboundContact, sender: Sender, interaction: KnownInteraction) -> bool:
    """Our seal proves that a mail of ours was at hand, the sender that it was in its customer's."""
    if sender.customer_id is None or sender.customer_id != interaction.customer_id:
        return False
    return contact.is_answer_sealed or sender.assurance >= min(interaction.assurance, Assurance.ATTESTED)


def _goes_on(contact: InboundContact, interaction: KnownInteraction) -> bool:
    """Whether an interaction still runs, and on messaging was not silent for a day before (or after) this contact."""
    if interaction.status not in RUNNING:
        return False
    if interaction.channel in LIVE_CHANNELS and contact.channel != interaction.channel:
        return False  # who answers by mail is not on the line any more: another contact of the same case
    if contact.channel not in MESSAGING_CHANNELS:
        return True
    return (
        contact.occurred_at - interaction.last_said_at <= SILENCE
        and interaction.started_at - contact.occurred_at <= SILENCE
    )


def _may_have_a_case(contact: InboundContact, sender: Sender) -> bool:
    """No contact, no case; and who hung up without being known wants nothing that we could follow."""
    if contact.past is None:
        return True
    if contact.past.outcome == Outcome.NOT_A_CONTACT:
        return False
    return contact.past.outcome != Outcome.ABANDONED or sender.is_identified


def _existing_case(
    contact: InboundContact, sender: Sender, thread: list[KnownInteraction], cases: KnownCases
) -> tuple[KnownCase | None, bool]:
    named = [contact.case_id]
    if thread:
        named.append(max(thread, key=_by_start).case_id)
    for case_id in named:
        case = cases.by_id.get(case_id) if case_id is not None else None
        if case is not None and (case.is_open or case.was_resolved_lately(contact.occurred_at)):
            return case, False
    if contact.case_key:
        # The source itself says what is one case, so no window holds; an unknown key opens a case of its own.
        key_case_id = cases.by_key.get((contact.inbox_id, contact.case_key))
        return (cases.by_id[key_case_id] if key_case_id is not None else None), False
    case = _the_one_open_case(contact, sender, cases)
    return case, case is not None


def _the_one_open_case(contact: InboundContact, sender: Sender, cases: KnownCases) -> KnownCase | None:
    if not sender.is_identified or sender.customer_id is None:
        return None
    open_cases = [case for case in cases.of_customer.get(sender.customer_id, []) if case.is_open]
    if len(open_cases) != 1:
        return None
    if contact.past is not None and open_cases[0].opened_at > contact.occurred_at:
        return None
    return open_cases[0]


def _reopens(contact: InboundContact, case: KnownCase) -> bool:
    if case.is_open or contact.direction == Direction.OUTBOUND:
        return False
    return contact.past is None or case.resolved_at is None or contact.occurred_at >= case.resolved_at


def _resolves(contact: InboundContact, case: KnownCase | None) -> bool:
    """A past contact that ran its course resolves its case, unless others still run on it."""
    past = contact.past
    if past is None or (case is not None and case.running):
        return False
    return ends_the_case(outcome=past.outcome, is_resolved=past.is_resolved, direction=contact.direction)
