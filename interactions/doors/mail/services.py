"""One mail comes in: it goes on with a contact, begins one, settles a sending of ours, or is put aside. Never lost."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.events import failpoints
from ccx.kernel.events.locks import wait_for_lock
from interactions.cases.choices import AuthorKind, Outcome
from interactions.cases.models import Message, MessageHtml
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Past, Receipt
from interactions.channels.email.child import read_in_child
from interactions.channels.email.errors import ReaderFailedError
from interactions.channels.email.reading import Mail
from interactions.channels.email.tokens import read_reply_token, read_sent_id, token_in, without_token
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind, normalise_identity
from interactions.doors.chat.selectors import chat_case
from interactions.doors.files import Kept, attach, forget_files, keep_files
from interactions.doors.mail.automatic import AUTOMATIC, is_open_to, join_thread
from interactions.doors.models import Delivery, Mailbox
from interactions.handling.models import SendingState
from interactions.handling.settling import settle_sending
from interactions.intake.gate import storable, storable_json
from interactions.intake.models import RawContact
from interactions.intake.services import receive

logger = structlog.get_logger(__name__)

CAME_BACK: Final = "the customer's mail server sent it back"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a mail lay in its folder; the cursor moves past it in the transaction that takes it in."""

    uid_validity: int
    uid: int


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of one mail; without a receipt it was put aside, waits to be read, or told of mails of ours."""

    receipt: Receipt | None = None
    is_unreadable: bool = False
    is_late: bool = False
    bounced: int = 0


@dataclass(frozen=True)
class Answered:
    """The contact that a mail answers, and whether our own seal says so."""

    interaction_id: int | None = None
    is_sealed: bool = False


def take_mail(
    *,
    inbox: Inbox,
    raw: bytes,
    received_at: datetime | None = None,
    place: Place | None = None,
    is_cut: bool = False,
) -> Taken:
    """Take in one mail, once however often it is told. What cannot be taken in is put aside, and the next may come.

    What its reader failed at is kept and tried again by the sweep of deliveries: the machine may have been at fault.
    `is_cut`: it was too large, and `raw` is its beginning. Only trouble with the database is raised.
    """
    try:
        return _take(inbox, raw, received_at=received_at, place=place, is_cut=is_cut)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        is_late = isinstance(error, ReaderFailedError)
        logger.warning("mail_not_taken_in", inbox_id=inbox.pk, error=type(error).__name__, is_late=is_late)
        with transaction.atomic():
            if place is None or _move_cursor(inbox, place):
                state = Delivery.State.RECEIVED if is_late else Delivery.State.QUARANTINED
                told = {"arrived_at": received_at.isoformat()} if received_at else {}
                _keep_whole(
                    inbox,
                    raw,
                    state=state,
                    error=f"{type(error).__name__}: {error}",
                    headers=told | ({"is_cut": True} if is_cut else {}),
                )
        return Taken(is_unreadable=not is_late, is_late=is_late)


def book_mail(*, inbox: Inbox, raw: bytes, received_at: datetime) -> Taken:
    """Take in one mail that a provider brought; whoever calls keeps its bytes. Raises whatever keeps it from it."""
    return _take(inbox, raw, received_at=received_at)


def book_kept_mail(delivery: Delivery) -> Taken:
    """Take in a mail that could not be taken in when it came. Raises whatever keeps it from it."""
    told = delivery.headers
    arrived_at = datetime.fromisoformat(told["arrived_at"]) if "arrived_at" in told else delivery.received_at
    is_cut = bool(told.get("is_cut"))
    return _take(delivery.inbox, bytes(delivery.body), received_at=arrived_at, is_cut=is_cut)


def _take(
    inbox: Inbox, raw: bytes, *, received_at: datetime | None, place: Place | None = None, is_cut: bool = False
) -> Taken:
    mail = read_in_child(raw, authserv_id=str(inbox.settings.get("authserv_id") or ""))
    kept = keep_files(mail.files)
    is_used = False
    try:
        with transaction.atomic():
            if place is not None and not _move_cursor(inbox, place):
                return Taken()
            taken = _book(inbox, raw, mail, kept, received_at=received_at, is_cut=is_cut)
            failpoints.reach("mail.before_commit")
        failpoints.reach("mail.after_commit")
        is_used = taken.receipt is not None and taken.receipt.is_new
        return taken
    finally:
        if not is_used:
            forget_files(kept)


def _book(inbox: Inbox, raw: bytes, mail: Mail, kept: Kept, *, received_at: datetime | None, is_cut: bool) -> Taken:
    external_id = mail.message_id or f"digest:{mail.digest}"
    # The same mail may come to two lines at once.
    wait_for_lock(f"mail:{external_id}")
    known = {
        raw.inbox_id: raw for raw in RawContact.objects.filter(external_id=external_id, inbox__channel=Channel.EMAIL)
    }
    flags = list(mail.flags)
    elsewhere = next((raw for raw in known.values() if raw.payload.get("digest") == mail.digest), None)
    if elsewhere is not None and inbox.pk not in known:
        _link(inbox, external_id, elsewhere)
        return Taken(receipt=_receipt_of(elsewhere))
    if (here := known.get(inbox.pk)) is not None and here.payload.get("digest") != mail.digest:
        # Somebody sends other words under an id that is taken: a mail of its own, and marked.
        external_id = f"{external_id}#{mail.digest[:16]}"
        flags.append("message_id_taken")
    if is_cut:
        flags.append("too_large")
    if bounced := _settle_bounced(mail):
        interaction_id = bounced[0].interaction_id
        RawContact.objects.get_or_create(
            inbox=inbox,
            external_id=external_id,
            defaults={"payload": _payload(mail, flags), "interaction_id": interaction_id},
        )
        return Taken(bounced=len(bounced))
    contact = _contact(inbox, mail, kept, flags=flags, external_id=external_id, received_at=received_at)
    if contact.past is None or not contact.is_answer_sealed:
        receipt = receive(contact=contact, by_id=None)
    elif (told := RawContact.objects.filter(inbox=inbox, external_id=external_id).first()) is not None:
        receipt = _receipt_of(told)
    else:
        receipt = join_thread(contact)
    if receipt.is_new and receipt.message_id is not None:
        source = {"delivery": _keep_whole(inbox, raw, state=Delivery.State.DONE)} if kept.waiting else None
        attach(kept, message_id=receipt.message_id, source=source)
        joined = contact.past is not None and contact.is_answer_sealed
        marks = {AUTOMATIC: mail.sender if joined else ""}
        if _writes_for_customer(inbox, mail):
            marks["sent_through"] = mail.sender
        elif mail.reply_to != mail.sender:
            marks["answers_to"] = mail.reply_to
        _keep_layout(mail, flags, message_id=receipt.message_id, marks=marks)
    return Taken(receipt=receipt)


def _keep_layout(mail: Mail, flags: list[str], *, message_id: int, marks: dict[str, str]) -> None:
    """What a mail is beside its words: who else got it, what was odd, and how it was laid out."""
    people = {"to": [asdict(one) for one in mail.to], "cc": [asdict(one) for one in mail.cc]}
    meta = {name: value for name, value in ({**people, "flags": flags} | marks).items() if value}
    Message.objects.filter(pk=message_id).update(meta=json.loads(storable_json(meta)))
    if mail.html:
        MessageHtml.objects.create(message_id=message_id, html=storable(mail.html), has_remote=mail.has_remote)


def _contact(
    inbox: Inbox, mail: Mail, kept: Kept, *, flags: list[str], external_id: str, received_at: datetime | None
) -> InboundContact:
    now = timezone.now()
    # A sender's clock decides nothing; its Date stays in the payload.
    moment = min(received_at or now, now)
    is_ours = _is_ours(mail.sender)
    is_for_customer = _writes_for_customer(inbox, mail)
    is_automatic = (mail.is_automatic and not is_for_customer) or is_ours
    answered = Answered() if is_ours or is_for_customer else _answered(mail)
    if is_automatic and not (answered.is_sealed and is_open_to(answered.interaction_id)):
        answered = Answered()
        flags = [*flags, AUTOMATIC]
    return InboundContact(
        inbox_id=inbox.pk,
        channel=inbox.channel,
        external_id=external_id,
        occurred_at=moment,
        identity=_identity(mail, is_for_customer=is_for_customer),
        customer_name=mail.reply_to_name if is_for_customer else mail.sender_name,
        language=mail.language,
        subject=mail.subject,
        # A mail of files only is told of, too: what is over and has no words would leave nothing to hang them on.
        body=_body(mail, kept, flags) or (f"[{_('No text.')}]" if is_automatic else ""),
        thread_token="" if is_automatic else (mail.answers[-1] if mail.answers else mail.message_id),
        answers_interaction_id=answered.interaction_id,
        is_answer_sealed=answered.is_sealed,
        case_id=chat_case(answered.interaction_id, mail.sender) if answered.is_sealed else None,
        payload=_payload(mail, flags),
        past=Past(outcome=Outcome.NOT_A_CONTACT, closed_at=moment) if is_automatic else None,
    )


def _identity(mail: Mail, *, is_for_customer: bool) -> IdentityClaim | None:
    """Who wrote it. Whom a form names has proven nothing, however sure the form's sender is."""
    try:
        value = normalise_identity(IdentityKind.EMAIL, mail.reply_to if is_for_customer else mail.sender)
    except ValueError:
        return None
    if is_for_customer:
        return IdentityClaim(kind=IdentityKind.EMAIL.value, value=value, assurance=Assurance.CLAIMED, source="reply-to")
    return IdentityClaim(
        kind=IdentityKind.EMAIL.value,
        value=value,
        assurance=Assurance.ATTESTED if mail.is_attested else Assurance.CLAIMED,
        source="dmarc" if mail.is_attested else "mail",
    )


def _writes_for_customer(inbox: Inbox, mail: Mail) -> bool:
    """Whether a sender that the line trusts with it, and that our server vouches for, wrote in a customer's name."""
    if not mail.is_attested or mail.answers or mail.reply_to in {"", mail.sender} or _is_ours(mail.reply_to):
        return False
    told = inbox.settings.get("reply_to_of")
    trusted = {str(one).strip().lower().removeprefix("@") for one in told} if isinstance(told, list) else set()
    return bool(trusted & {mail.sender, mail.sender.rpartition("@")[2]})


def _is_ours(sender: str) -> bool:
    """A mail from one of our own lines is an echo, whoever sent it."""
    return bool(sender) and Inbox.objects.filter(channel=Channel.EMAIL, address__iexact=without_token(sender)).exists()


def _answered(mail: Mail) -> Answered:
    """By our seal, in the address it came to or in the ids it refers to; else by an id of the customer's own."""
    for address in mail.recipients:
        if (token := token_in(address)) and (interaction_id := read_reply_token(token)) is not None:
            return Answered(interaction_id, is_sealed=True)
    ours = [public_id for told in mail.answers if (public_id := read_sent_id(told)) is not None]
    if ours:
        found = Message.objects.filter(public_id__in=ours).order_by("-sent_at", "-pk").first()
        if found is not None:
            return Answered(found.interaction_id, is_sealed=True)
    said = Message.objects.filter(
        external_id__in=mail.answers, author_kind=AuthorKind.CUSTOMER, interaction__channel=Channel.EMAIL
    )
    nearest = said.exclude(external_id="").order_by("-sent_at", "-pk").first()
    return Answered(nearest.interaction_id) if nearest is not None else Answered()


def _settle_bounced(mail: Mail) -> list[Message]:
    """Our messages that a report says did not arrive; only ids under our seal count."""
    public_ids = [public_id for told in mail.bounced if (public_id := read_sent_id(told)) is not None]
    found = list(Message.objects.filter(public_id__in=public_ids))
    for message in found:
        settle_sending(message_id=message.pk, state=SendingState.FAILED, error=CAME_BACK)
    return found


def _body(mail: Mail, kept: Kept, flags: list[str]) -> str:
    """The words, and below them in brackets what did not come along."""
    notes = []
    if "too_large" in flags:
        notes.append(_("This mail was too large to be taken in. It lies in the mailbox."))
    if kept.lost:
        notes.append(_("Files that could not be kept: %(names)s") % {"names": ", ".join(kept.lost)})
    if any(flag.startswith("parts_left_out") for flag in flags):
        notes.append(_("It had more files than are kept."))
    if "text_cut" in flags:
        notes.append(_("The text was longer than is kept."))
    return "\n\n".join([part for part in (mail.text,) if part] + [f"[{note}]" for note in notes])


def _payload(mail: Mail, flags: list[str]) -> dict[str, Any]:
    if mail.reply_to and mail.reply_to != mail.sender:
        flags = [*flags, "reply_to_differs"]
    return {
        "message_id": mail.message_id,
        "digest": mail.digest,
        "from": mail.sender,
        "reply_to": mail.reply_to,
        "to": list(mail.recipients),
        "date": mail.sent,
        "answers": list(mail.answers),
        "flags": flags,
    }


def _link(inbox: Inbox, external_id: str, known: RawContact) -> None:
    """The mail came to another line too: one message, and both lines know it."""
    RawContact.objects.create(
        inbox=inbox,
        external_id=external_id,
        payload=known.payload,
        interaction_id=known.interaction_id,
        message_id=known.message_id,
    )


def _receipt_of(known: RawContact) -> Receipt:
    interaction = known.interaction
    return Receipt(
        external_id=known.external_id,
        is_new=False,
        interaction_id=known.interaction_id,
        interaction_public_id=interaction.public_id if interaction else None,
        case_id=interaction.case_id if interaction else None,
        customer_id=interaction.customer_id if interaction else None,
        message_id=known.message_id,
    )


def _keep_whole(
    inbox: Inbox, raw: bytes, *, state: Delivery.State, error: str = "", headers: dict[str, Any] | None = None
) -> int:
    """Keep a mail as it came, once; the number of the delivery."""
    kept, _made = Delivery.objects.get_or_create(
        inbox=inbox,
        digest=hashlib.sha256(b"mail\x00" + raw).hexdigest(),
        defaults={
            "kind": Delivery.Kind.MAIL,
            "headers": headers or {},
            "body": raw,
            "state": state,
            "attempts": 1,
            "error": error.replace("\x00", "")[:300],
            "settled_at": timezone.now() if state == Delivery.State.DONE else None,
        },
    )
    return kept.pk


def _move_cursor(inbox: Inbox, place: Place) -> bool:
    """Move past a mail, under the mailbox's lock; False if somebody else was there already."""
    mailbox = Mailbox.objects.select_for_update().get(pk=inbox.pk)
    if mailbox.uid_validity != place.uid_validity or place.uid <= mailbox.last_uid:
        return False
    mailbox.last_uid = place.uid
    mailbox.save(update_fields=["last_uid"])
    return True
