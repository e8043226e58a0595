"""What a visitor says becomes a contact, or goes on with the one that runs."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError
from ccx.kernel.live import guests
from ccx.kernel.people.services.service_users import service_user
from interactions.cases.models import Message
from interactions.channels.chat.line import ChatLine, read_line
from interactions.channels.contact import IdentityClaim, InboundContact, Receipt
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.errors import IdentityBelongsToAnotherError
from interactions.customers.models import Identity
from interactions.customers.selectors.merge_preview import machine_may_merge
from interactions.customers.services import add_identity, attest_identity, merge_customers
from interactions.doors.chat.errors import NothingIsSaidError
from interactions.doors.chat.selectors import external_id_of, is_running
from interactions.doors.chat.services.asking import refuse_open_questions
from interactions.doors.chat.services.uploads import forget, uploads_named
from interactions.doors.files import attach, forget_files, keep_files
from interactions.doors.models import ChatVisitor
from interactions.handling.services.inviting import BY_OFFER
from interactions.intake.services import receive

logger = structlog.get_logger(__name__)

ANONYMOUS = "chat token"
SIGNED = "signed by the site"


@dataclass(frozen=True, kw_only=True)
class Words:
    """One message as the browser sends it: sent again under the same id, it is the same one."""

    id: UUID
    body: str
    tickets: list[str]


def say(*, visitor: ChatVisitor, inbox: Inbox, line: ChatLine, words: Words) -> int:
    """Take in one message of a visitor; its id here."""
    if not words.body.strip() and not words.tickets:
        raise NothingIsSaidError(_("Please write something first."))
    said = Message.objects.filter(interaction__inbox=inbox, external_id=external_id_of(visitor, words.id))
    known = said.order_by().values_list("pk", flat=True).first()
    if known is not None:
        return known
    if not is_running(visitor.interaction):
        refuse_open_questions(visitor, line)
    uploads = uploads_named(visitor=visitor, tickets=words.tickets)
    kept = keep_files([upload.file for upload in uploads])
    receipt: Receipt | None = None
    try:
        receipt = _take_in(visitor, inbox, words, has_files=bool(uploads))
        if receipt.is_new and receipt.message_id is not None:
            attach(kept, message_id=receipt.message_id)
    finally:
        if receipt is None or not receipt.is_new:
            forget_files(kept)
    forget(uploads)
    if receipt.interaction_public_id is not None:
        guests.is_here(receipt.interaction_public_id, seconds=line.away.total_seconds())
    return receipt.message_id or 0


@transaction.atomic
def _take_in(visitor: ChatVisitor, inbox: Inbox, words: Words, *, has_files: bool) -> Receipt:
    locked = ChatVisitor.objects.select_for_update().get(pk=visitor.pk)
    now = timezone.now()
    _attach_to_known(locked, inbox)
    is_signed = bool(locked.site_user)
    was_invited = locked.identity is not None and locked.identity.source == BY_OFFER
    vouched = Assurance.ATTESTED if was_invited else Assurance.CLAIMED
    contact = InboundContact(
        inbox_id=inbox.pk,
        channel=inbox.channel,
        external_id=external_id_of(locked, words.id),
        occurred_at=now,
        identity=IdentityClaim(
            kind=IdentityKind.VISITOR.value,
            value=str(locked.public_id),
            assurance=Assurance.PROVEN if is_signed else vouched,
            source=SIGNED if is_signed else BY_OFFER if was_invited else ANONYMOUS,
        ),
        customer_name=locked.name,
        language=locked.language,
        body=words.body,
        thread_token=str(locked.public_id),
        payload={"body": words.body, "page": locked.page, "answers": locked.answers, "has_files": has_files},
    )
    receipt = receive(contact=contact, by_id=None)
    if not receipt.is_new:
        return receipt
    if receipt.started_interaction:
        _note_introduction(locked, inbox, receipt)
    if is_signed and receipt.customer_id is not None:
        _know_user(locked, inbox, receipt.customer_id)
    locked.interaction_id, locked.seen_at = receipt.interaction_id, now
    locked.identity = Identity.objects.filter(kind=IdentityKind.VISITOR, value=str(locked.public_id)).first()
    locked.save(update_fields=["interaction", "seen_at", "identity"])
    return receipt


def _note_introduction(visitor: ChatVisitor, inbox: Inbox, receipt: Receipt) -> None:
    """What the agent is to know before the first answer stands beside the first words."""
    questions = read_line(inbox.settings, name=inbox.name).questions
    answers = [
        {"label": question.label, "answer": visitor.answers[question.name]}
        for question in questions
        if question.name in visitor.answers
    ]
    meta = {"chat": {"answers": answers, "page": visitor.page, "email": visitor.email}}
    Message.objects.filter(pk=receipt.message_id or 0).update(meta=meta)


def account_of(visitor: ChatVisitor, inbox: Inbox) -> str:
    """The site's user as one of our identities: a number of one site means nothing on another."""
    return f"{inbox.public_id}:{visitor.site_user}"


def _attach_to_known(visitor: ChatVisitor, inbox: Inbox) -> None:
    """A signed user whom we know, by the site's number or by the address that the site vouches for, is that customer.

    Who began as a stranger and then signed in was a customer of their own so far; of whom nothing else is known.
    """
    if not visitor.site_user:
        return
    mine = Identity.objects.filter(kind=IdentityKind.VISITOR, value=str(visitor.public_id)).first()
    known = Identity.objects.filter(kind=IdentityKind.ACCOUNT, value=account_of(visitor, inbox)).first()
    if known is None and visitor.email:
        known = Identity.objects.filter(kind=IdentityKind.EMAIL, value=visitor.email).first()
    if known is None:
        return
    if mine is None:
        add_identity(
            customer_id=known.customer_id,
            kind=IdentityKind.VISITOR.value,
            value=str(visitor.public_id),
            assurance=Assurance.PROVEN,
            source=SIGNED,
            by=None,
        )
    elif mine.customer_id != known.customer_id and _is_only_a_visitor(mine):
        _become_one(mine, known)


def _is_only_a_visitor(mine: Identity) -> bool:
    return not Identity.objects.filter(customer_id=mine.customer_id).exclude(kind=IdentityKind.VISITOR).exists()


def _become_one(mine: Identity, known: Identity) -> None:
    """A machine may merge where one of the two is proven; a person can undo it."""
    machine = service_user("chat")
    if not machine_may_merge(known.customer, mine.customer):
        attest_identity(identity_id=mine.pk, assurance=Assurance.PROVEN, source=SIGNED, by=None)
    try:
        merge_customers(survivor_id=known.customer_id, merged_id=mine.customer_id, by=machine)
    except DomainError as error:
        logger.info("visitor_not_merged", code=error.code)


def _know_user(visitor: ChatVisitor, inbox: Inbox, customer_id: int) -> None:
    """The site's number and address of its user are this customer's, unless they are somebody else's already."""
    told = [(IdentityKind.ACCOUNT, account_of(visitor, inbox), Assurance.PROVEN)]
    if visitor.email:
        told.append((IdentityKind.EMAIL, visitor.email, Assurance.ATTESTED))
    for kind, value, assurance in told:
        try:
            add_identity(
                customer_id=customer_id, kind=kind.value, value=value, assurance=assurance, source=SIGNED, by=None
            )
        except IdentityBelongsToAnotherError:
            continue
