"""The form when nobody is there: what is written in it comes as a contact that the reply line answers by mail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from interactions.cases.models import Message
from interactions.channels.chat.line import ChatLine
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact, Receipt
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind, normalise_identity
from interactions.doors.chat.errors import EmailIsInvalidError, FormIsNotOfferedError, NothingIsSaidError
from interactions.doors.chat.services.asking import refuse_open_form
from interactions.doors.chat.services.sessions import read_answers
from interactions.doors.models import ChatVisitor
from interactions.intake.services import receive


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was filled in; with an `id` of the browser it is one contact however often it is sent."""

    id: UUID | None = None
    name: str = ""
    email: str = ""
    body: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)


def offers_form(inbox: Inbox) -> bool:
    """Whether there is a line that can answer what is written in it."""
    return inbox.reply_inbox is not None and inbox.reply_inbox.is_active


@transaction.atomic
def take_form(*, inbox: Inbox, line: ChatLine, form: Form, visitor: ChatVisitor | None, language: str) -> Receipt:
    """Take a form in. Its address is a claim, unless it is the one that the site signed for this visitor."""
    if inbox.reply_inbox is None or not offers_form(inbox):
        raise FormIsNotOfferedError
    if not form.body.strip():
        raise NothingIsSaidError(_("Please write something first."))
    try:
        email = normalise_identity(IdentityKind.EMAIL, form.email)
    except ValueError:
        raise EmailIsInvalidError(_("This does not look like an e-mail address.")) from None
    is_signed = visitor is not None and bool(visitor.site_user) and visitor.email == email
    answers = read_answers(form.answers, line.questions)
    refuse_open_form(answers, line)
    known = [f"{question.label}: {answers[question.name]}" for question in line.questions if question.name in answers]
    owner = str(visitor.public_id) if visitor is not None else str(inbox.public_id)
    contact = InboundContact(
        inbox_id=inbox.reply_inbox.pk,
        channel=Channel.WEB_FORM,
        external_id=f"chat-form:{owner}:{form.id or uuid4()}",
        occurred_at=timezone.now(),
        identity=IdentityClaim(
            kind=IdentityKind.EMAIL.value,
            value=email,
            assurance=Assurance.ATTESTED if is_signed else Assurance.CLAIMED,
            source="signed by the site" if is_signed else "chat form",
        ),
        customer_name=(form.name.strip() or (visitor.name if visitor is not None else ""))[:200],
        language=language,
        subject=line.title,
        body="\n\n".join(part for part in (form.body, "\n".join(known)) if part),
        payload={"body": form.body, "answers": answers, "page": visitor.page if visitor is not None else {}},
    )
    receipt = receive(contact=contact, by_id=None)
    if receipt.is_new:
        # By themselves, too: an address among the answers may be one that we know somebody by.
        beside = [{"label": one.label, "answer": answers[one.name]} for one in line.questions if one.name in answers]
        Message.objects.filter(pk=receipt.message_id or 0).update(meta={"form": {"email": email, "answers": beside}})
    return receipt
