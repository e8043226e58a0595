"""Turns decisions into rows and events, contact by contact, over the state that a batch shares."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from ccx.kernel.abstract import new_public_id
from ccx.kernel.events.log import Event, event_rows
from ccx.kernel.events.models import Origin
from interactions.cases.choices import AuthorKind, CaseStatus, Direction, InteractionStatus, SegmentKind
from interactions.cases.events import (
    CaseOpened,
    CaseReopened,
    CaseResolved,
    InteractionChanged,
    InteractionStarted,
    MessageReceived,
)
from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact, Past, Receipt
from interactions.customers.choices import Assurance
from interactions.customers.events import CustomerAdded, CustomerChanged, IdentityAttested
from interactions.intake.decision import (
    DEFAULT_WINDOW_DAYS,
    Decision,
    KnownCase,
    KnownCustomer,
    KnownIdentity,
    KnownInteraction,
    Sender,
    decide,
    vouched_for,
)
from interactions.intake.gate import Admitted
from interactions.intake.state import Received, State, later

Row = tuple[Any, ...]
NOBODY: Final = Sender(None, Assurance.NONE)


@dataclass(slots=True)
class Book:
    """The rows and events of one batch. `enter` decides one contact and books it; `writing.write` stores the book."""

    state: State
    by_id: int | None
    origin: Origin
    now: datetime = field(default_factory=timezone.now)
    started: list[tuple[KnownInteraction, InboundContact, Decision]] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    public_ids: dict[int, UUID] = field(default_factory=dict)
    raws: list[Row] = field(default_factory=list)
    case_keys: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)

    def enter(self, admitted: Admitted) -> Receipt:
        """Book one contact, or say what became of it when it was received before."""
        contact = admitted.contact
        key = (contact.inbox_id, contact.external_id)
        if (known := self.state.received.get(key)) is not None:
            return _receipt(contact, known, is_new=False)
        answered = self.state.answered.get(contact.answers_interaction_id or 0)
        contact = vouched_for(contact, self.state.identities, answered)
        identity, sender = self._recognise(contact)
        thread = self.state.threads.get((contact.inbox_id, contact.thread_token), []) if contact.thread_token else []
        decision = decide(contact, sender=sender, thread=thread, cases=self.state.cases, answered=answered)
        if decision.joins is not None:
            received = self._join(contact, decision.joins, identity, sender)
        else:
            received = self._start(contact, decision, identity, sender)
        self.state.received[key] = received
        self.raws.append(
            (
                contact.inbox_id,
                contact.external_id,
                admitted.payload,
                self.now,
                received.interaction_id,
                received.message_id,
            )
        )
        return _receipt(contact, received, is_new=True)

    def tell(self, *events: Event, at: datetime) -> None:
        self.events += event_rows(events, by_id=self.by_id, origin=self.origin, at=at)

    # Who

    def _recognise(self, contact: InboundContact) -> tuple[KnownIdentity | None, Sender]:
        claim = contact.identity
        if claim is None:
            return None, NOBODY
        assurance = max(int(claim.assurance), Assurance.CLAIMED)
        moment = contact.occurred_at
        identity = self.state.identities.get((claim.kind, claim.value))
        if identity is None:
            customer = KnownCustomer(
                next(self.state.ids["new_customer"]),
                new_public_id(),
                contact.customer_name,
                contact.language,
                is_new=True,
            )
            identity = KnownIdentity(
                next(self.state.ids["new_identity"]),
                claim.kind, claim.value, customer, assurance, claim.source, moment, moment,
                is_new=True,
            )  # fmt: skip
            self.state.customers[customer.id] = customer
            self.state.identities[claim.kind, claim.value] = identity
            self.tell(CustomerAdded(customer_id=customer.id), at=moment)
        else:
            self._know_better(contact, identity, assurance)
        return identity, Sender(identity.customer.id, assurance)

    def _know_better(self, contact: InboundContact, identity: KnownIdentity, assurance: int) -> None:
        claim, customer, moment = contact.identity, identity.customer, contact.occurred_at
        if claim is not None and assurance > identity.assurance:
            identity.assurance, identity.source, identity.is_changed = assurance, claim.source, True
            self.tell(
                IdentityAttested(customer_id=customer.id, identity_id=identity.id, assurance=assurance), at=moment
            )
        if moment < identity.first_seen_at or moment > identity.last_seen_at:
            identity.first_seen_at = min(identity.first_seen_at, moment)
            identity.last_seen_at = max(identity.last_seen_at, moment)
            identity.is_changed = True
        for what, told in (("name", contact.customer_name), ("language", contact.language)):
            if told and not getattr(customer, what):
                setattr(customer, what, told)
                customer.is_changed = True
                self.tell(CustomerChanged(customer_id=customer.id, what=what), at=moment)

    # The running interaction goes on

    def _join(
        self, contact: InboundContact, known: KnownInteraction, identity: KnownIdentity | None, sender: Sender
    ) -> Received:
        message_id = self._say(contact, known)
        known.is_changed = True
        if contact.occurred_at < known.started_at:
            known.started_at = contact.occurred_at
            known.subject = contact.subject or known.subject
        if known.customer_id is None and identity is not None:
            known.customer_id, known.identity_id = sender.customer_id, identity.id
            known.customer_public_id = identity.customer.public_id
        if known.customer_id is not None and known.customer_id == sender.customer_id:
            known.assurance = max(known.assurance, sender.assurance)
        known.last_customer_message_at = later(known.last_customer_message_at, contact.occurred_at)
        known.last_said_at = later(known.last_said_at, contact.occurred_at)
        case = self.state.cases.by_id.get(known.case_id) if known.case_id is not None else None
        if case is not None:
            self._belong(case, contact, known.customer_id)
        subject_of_event = {"interaction_id": known.id, "case_id": known.case_id, "customer_id": known.customer_id}
        if message_id is None:
            self.tell(InteractionChanged(what="contact_joined", **subject_of_event), at=contact.occurred_at)
        else:
            self.tell(MessageReceived(message_id=message_id, **subject_of_event), at=contact.occurred_at)
        return self._became(known, message_id, started=False)

    # A new interaction

    def _start(
        self, contact: InboundContact, decision: Decision, identity: KnownIdentity | None, sender: Sender
    ) -> Received:
        past, moment = contact.past, contact.occurred_at
        case = self._open_case(contact, sender) if decision.opens_case else decision.case
        known = KnownInteraction(
            id=next(self.state.ids["new_interaction"]),
            public_id=new_public_id(),
            status=InteractionStatus.WAITING.value if past is None else InteractionStatus.CLOSED.value,
            case_id=case.id if case is not None else None,
            customer_id=sender.customer_id,
            identity_id=identity.id if identity is not None else None,
            assurance=sender.assurance,
            subject=contact.subject,
            started_at=moment,
            last_customer_message_at=None,
            last_said_at=moment,
            customer_public_id=identity.customer.public_id if identity is not None else None,
            channel=contact.channel,
        )
        self.started.append((known, contact, decision))
        message_id = self._say(contact, known) if past is None else self._say_past(contact, past, known)
        if contact.thread_token and decision.keeps_thread:
            self.state.threads.setdefault((contact.inbox_id, contact.thread_token), []).append(known)
        ids = {"interaction_id": known.id, "case_id": known.case_id, "customer_id": known.customer_id}
        if case is not None:
            self._take_up(case, contact, decision, ids)
        self.tell(
            InteractionStarted(
                message_id=message_id,
                is_complete=past is not None,
                agent_id=contact.agent_id if past is not None else None,
                **ids,
            ),
            at=moment,
        )
        if case is not None and past is not None and decision.resolves:
            self._resolve(case, past.closed_at, ids)
        return self._became(known, message_id, started=True)

    def _open_case(self, contact: InboundContact, sender: Sender) -> KnownCase:
        case = KnownCase(
            id=next(self.state.ids["new_case"]),
            public_id=new_public_id(),
            customer_id=sender.customer_id,
            status=CaseStatus.OPEN.value,
            reason_id=contact.reason_id,
            window_days=self._window(contact),
            opened_at=contact.occurred_at,
            title=contact.subject[:200],
            is_new=True,
        )
        self.state.cases.add(case)
        if contact.case_key:
            self.state.cases.by_key[contact.inbox_id, contact.case_key] = case.id
            self.case_keys.append((contact.inbox_id, contact.case_key, case.id))
        return case

    def _take_up(self, case: KnownCase, contact: InboundContact, decision: Decision, ids: dict[str, Any]) -> None:
        moment = contact.occurred_at
        self._belong(case, contact, ids["customer_id"])
        if contact.past is None:
            case.running += 1
        if decision.opens_case:
            self.tell(CaseOpened(**ids), at=moment)
        if decision.reopens:
            case.status, case.resolved_at = CaseStatus.OPEN.value, None
            case.reopened_count = min(case.reopened_count + 1, 32767)
            case.last_reopened_at = later(case.last_reopened_at, moment)
            case.is_changed = True
            self.tell(CaseReopened(**ids), at=moment)
        if contact.past is not None and contact.past.reopened_count > 0:
            # The source counted, and does not say when.
            case.reopened_count = min(case.reopened_count + contact.past.reopened_count, 32767)
            case.is_changed = True

    def _belong(self, case: KnownCase, contact: InboundContact, customer_id: int | None) -> None:
        """A case knows its earliest contact, and takes the customer and the reason that it lacked."""
        if contact.occurred_at < case.opened_at:
            case.opened_at, case.is_changed = contact.occurred_at, True
        if case.reason_id is None and contact.reason_id is not None:
            case.reason_id, case.window_days, case.is_changed = contact.reason_id, self._window(contact), True
        if case.customer_id is None and customer_id is not None:
            case.customer_id, case.is_changed = customer_id, True
            self.state.cases.of_customer.setdefault(customer_id, []).append(case)

    def _resolve(self, case: KnownCase, moment: datetime, ids: dict[str, Any]) -> None:
        was_open = case.is_open
        case.status, case.resolved_at, case.is_changed = (
            CaseStatus.RESOLVED.value,
            later(case.resolved_at, moment),
            True,
        )
        if was_open:
            self.tell(CaseResolved(**ids), at=moment)

    def _window(self, contact: InboundContact) -> int:
        if contact.reason_id is None:
            return DEFAULT_WINDOW_DAYS
        return self.state.windows.get(contact.reason_id, DEFAULT_WINDOW_DAYS)

    # What was said

    def _say(self, contact: InboundContact, known: KnownInteraction) -> int | None:
        """The message of a live contact. A call brings none of its own; anything else does, if only to carry files."""
        if not contact.body and contact.channel == Channel.VOICE:
            return None
        known.last_customer_message_at = later(known.last_customer_message_at, contact.occurred_at)
        return self._message(
            known, AuthorKind.CUSTOMER.value, contact.body, contact.occurred_at, external_id=contact.external_id
        )

    def _say_past(self, contact: InboundContact, past: Past, known: KnownInteraction) -> int | None:
        first: int | None = None
        for message in past.messages:
            number = self._message(
                known, message.author_kind, message.body, message.sent_at,
                author_id=message.author_id, is_note=message.is_note,
            )  # fmt: skip
            first = number if first is None else first
            if message.author_kind == AuthorKind.CUSTOMER and not message.is_note:
                known.last_customer_message_at = later(known.last_customer_message_at, message.sent_at)
        if past.messages or not contact.body:
            return first
        if contact.direction == Direction.INBOUND:
            return self._say(contact, known)
        author_kind = AuthorKind.SYSTEM if contact.agent_id is None else AuthorKind.AGENT
        return self._message(
            known, author_kind.value, contact.body, contact.occurred_at,
            author_id=contact.agent_id, external_id=contact.external_id,
        )  # fmt: skip

    def _message(  # noqa: PLR0913 - one column each
        self,
        known: KnownInteraction,
        author_kind: str,
        body: str,
        sent_at: datetime,
        *,
        author_id: int | None = None,
        is_note: bool = False,
        external_id: str = "",
    ) -> int:
        number = next(self.state.ids["new_message"])
        self.public_ids[number] = public_id = new_public_id()
        self.messages.append(
            (
                number,
                public_id,
                known.id,
                str(author_kind),
                author_id,
                is_note,
                body,
                external_id,
                sent_at,
                self.now,
            )
        )
        return number

    # Rows whose values are final only when the last contact is booked

    def queue_of(self, contact: InboundContact) -> int | None:
        """The queue a contact named, else its inbox's; none while its caller is in a menu."""
        if contact.is_in_menu:
            return None
        if contact.queue_id is not None:
            return contact.queue_id
        return self.state.default_queues.get(contact.inbox_id)

    def interaction_rows(self) -> list[Row]:
        return [self._interaction_row(*one) for one in self.started]

    def _interaction_row(self, known: KnownInteraction, contact: InboundContact, decision: Decision) -> Row:
        past, queue_id = contact.past, self.queue_of(contact)
        team_id = contact.team_id
        if team_id is None and queue_id is not None:
            team_id = self.state.teams.get(queue_id)
        return (
            known.id, known.public_id, contact.inbox_id, int(contact.channel), int(contact.direction), known.status,
            int(past.outcome) if past else None, past.is_resolved if past else None,
            known.customer_id, known.identity_id, int(known.assurance), known.case_id, decision.is_case_assumed,
            queue_id, team_id, contact.agent_id if past else None, contact.reason_id,
            past.disposition_id if past else None, past.source_id if past else None,
            contact.priority, known.subject, contact.thread_token if decision.keeps_thread else "",
            known.started_at, known.last_customer_message_at,
            past.first_answered_at if past else None, past.closed_at if past else None,
        )  # fmt: skip

    def segment_rows(self) -> list[Row]:
        """Told stretches of past contacts; for live ones with a queue, the wait that now begins."""
        rows: list[Row] = []
        for known, contact, _ in self.started:
            if contact.past is not None:
                rows += [
                    (
                        known.id, int(told.kind), told.queue_id, told.team_id, told.agent_id, told.started_at,
                        told.ended_at, told.is_duration_known, int(told.ended_by) if told.ended_by else None,
                    )
                    for told in contact.past.segments
                ]  # fmt: skip
            elif contact.is_in_menu:
                rows.append((known.id, SegmentKind.IVR.value, None, None, None, known.started_at, None, True, None))
            elif (queue_id := self.queue_of(contact)) is not None:
                team_id = self.state.teams.get(queue_id)
                rows.append(
                    (known.id, SegmentKind.QUEUE.value, queue_id, team_id, None, known.started_at, None, True, None)
                )
        return rows

    # What became of it

    def _became(self, known: KnownInteraction, message_id: int | None, *, started: bool) -> Received:
        case = self.state.cases.by_id.get(known.case_id) if known.case_id is not None else None
        return Received(
            interaction_id=known.id,
            interaction_public_id=known.public_id,
            case_id=known.case_id,
            customer_id=known.customer_id,
            message_id=message_id,
            started_interaction=started,
            case_public_id=case.public_id if case is not None else None,
            customer_public_id=known.customer_public_id,
            message_public_id=self.public_ids.get(message_id) if message_id is not None else None,
        )


def _receipt(contact: InboundContact, received: Received, *, is_new: bool) -> Receipt:
    return Receipt(external_id=contact.external_id, is_new=is_new, **received.told())
