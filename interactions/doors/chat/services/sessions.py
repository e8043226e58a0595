"""Who a browser is: a stranger with a token, or a user for whom the embedding site gives its word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError
from ccx.kernel.events.log import announce
from ccx.kernel.live import guests
from interactions.cases.events import InteractionChanged
from interactions.cases.models import Message
from interactions.channels.chat.line import ChatLine, Question, origin_of, read_line
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of
from interactions.customers.choices import Assurance, IdentityKind, normalise_identity
from interactions.customers.errors import IdentityBelongsToAnotherError
from interactions.customers.models import Identity
from interactions.customers.services import add_identity
from interactions.doors.chat.errors import EmailIsInvalidError, LinkIsDeadError
from interactions.doors.chat.tokens import SiteUser, digest_of, new_token, offer_of, signed_user, was_sent_to
from interactions.doors.models import ChatDevice, ChatLink, ChatVisitor
from interactions.handling.errors import ReplyIsNotPossibleError
from interactions.handling.selectors.inviting import OFFER
from interactions.handling.services import enter_chat

LONGEST_ANSWER: Final = 2_000
BY_LINK: Final = "link in a chat's mail"


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """What a browser says of its visitor. Only `user` can be more than a claim, by its signature."""

    name: str = ""
    email: str = ""
    language: str = ""
    page: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    user: dict[str, Any] | None = None


@transaction.atomic
def begin_session(
    *, inbox: Inbox, line: ChatLine, said: Introduction, device: ChatDevice | None, token: str
) -> tuple[str, ChatVisitor]:
    """Give a browser its token, or keep the one it has; whose it is now.

    A signed user has one visitor, on every device. A stranger's visitor becomes theirs when they sign in, unless they
    have one; whoever comes without a valid signature never stays somebody who had one.
    """
    user = signed_user(said.user, inbox=inbox.public_id, secret=credentials_of(inbox).get("identity_secret", ""))
    known = ChatVisitor.objects.select_for_update().get(pk=device.visitor_id) if device is not None else None
    if user is not None:
        visitor = _of_user(inbox, user, known)
    elif known is not None and (said.user is None or not known.site_user):
        visitor = known
    else:
        visitor = ChatVisitor.objects.create(inbox=inbox)
    _introduce(visitor, said, line, user)
    if known is not None and visitor.pk == known.pk:
        return token, visitor
    return _new_device(visitor), visitor


@transaction.atomic
def open_link(*, inbox: Inbox, token: str) -> tuple[str, ChatVisitor]:
    """Exchange the link of a message for a token of this browser, once: who opens it has read the message.

    It vouches for the address that it was sent to, and for no other: one that was typed meanwhile stays a claim.
    """
    now = timezone.now()
    digest = digest_of(token)
    link = ChatLink.objects.filter(token_sha256=digest, visitor__inbox=inbox).first()
    # By the row alone: a condition on another table is not looked at again by who waited for another to open it.
    unused = ChatLink.objects.filter(pk=link.pk if link else 0, used_at=None, expires_at__gt=now)
    if link is None or not unused.update(used_at=now):
        raise LinkIsDeadError(_("This link was used before, or is too old. You can begin a new chat."))
    visitor = ChatVisitor.objects.select_for_update().get(pk=link.visitor_id)
    offered_in = offer_of(token)
    if offered_in is not None:
        _come_over(visitor, inbox, offered_in)
    elif was_sent_to(token, visitor.email):
        _attest_email(visitor)
    return _new_device(visitor), visitor


@transaction.atomic
def keep_email(*, visitor: ChatVisitor, email: str) -> ChatVisitor:
    """Where the chat goes on when the visitor leaves. It is a claim, and tells us nothing about who they are.

    An address that the site signed stays.
    """
    try:
        normal = normalise_identity(IdentityKind.EMAIL, email) if email else ""
    except ValueError:
        raise EmailIsInvalidError(_("This does not look like an e-mail address.")) from None
    locked = ChatVisitor.objects.select_for_update().get(pk=visitor.pk)
    if not (locked.site_user and locked.email):
        locked.email = normal
        locked.save(update_fields=["email"])
        _tell_the_agent(locked)
    return locked


def _tell_the_agent(visitor: ChatVisitor) -> None:
    """An address that comes after the first words stands beside them all the same."""
    begun = Message.objects.select_for_update(of=("self",)).filter(
        interaction=visitor.interaction_id, meta__has_key="chat"
    )
    first = begun.select_related("interaction").order_by("sent_at", "pk").first()
    if first is None or first.meta["chat"].get("email") == visitor.email:
        return
    first.meta["chat"]["email"] = visitor.email
    first.save(update_fields=["meta"])
    chat = first.interaction
    event = InteractionChanged(
        interaction_id=chat.pk, case_id=chat.case_id, customer_id=chat.customer_id, agent_id=chat.agent_id, what="email"
    )
    announce(event)


def allowed_page(page: Mapping[str, Any], line: ChatLine) -> dict[str, str]:
    """The page a visitor is on, if it is one of the line's sites: agents open it, and a mail leads back to it."""
    url = str(page.get("url") or "").partition("#")[0]
    if origin_of(url) not in line.origins:
        return {}
    return {"url": url[:1000], "title": str(page.get("title") or "")[:200]}


def _of_user(inbox: Inbox, user: SiteUser, known: ChatVisitor | None) -> ChatVisitor:
    found = ChatVisitor.objects.select_for_update().filter(inbox=inbox, site_user=user.id[:200]).first()
    if found is not None:
        return found
    if known is not None and not known.site_user:
        known.site_user, known.identity = user.id[:200], None
        known.save(update_fields=["site_user", "identity"])
        return known
    made, is_new = ChatVisitor.objects.get_or_create(inbox=inbox, site_user=user.id[:200])
    return made if is_new else ChatVisitor.objects.select_for_update().get(pk=made.pk)


def _introduce(visitor: ChatVisitor, said: Introduction, line: ChatLine, user: SiteUser | None) -> None:
    answers = read_answers(said.answers, line.questions)
    by_kind = {question.kind: str(answers[question.name]) for question in line.questions if question.name in answers}
    visitor.name = (said.name.strip() or str(answers.get("name", "")) or visitor.name)[:200]
    visitor.language = said.language[:10] or visitor.language
    visitor.page = allowed_page(said.page, line) or visitor.page
    visitor.answers = {**visitor.answers, **answers}
    claimed = said.email or by_kind.get("email", "")
    if user is not None and user.email:
        claimed = user.email
    elif visitor.site_user and visitor.email:
        claimed = ""
    try:
        visitor.email = normalise_identity(IdentityKind.EMAIL, claimed) if claimed else visitor.email
    except ValueError:
        if said.email:
            raise EmailIsInvalidError(_("This does not look like an e-mail address.")) from None
    visitor.seen_at = timezone.now()
    visitor.save()


def read_answers(given: Mapping[str, Any], questions: tuple[Question, ...]) -> dict[str, Any]:
    """What was answered of what is asked; anything else is left out."""
    found: dict[str, Any] = {}
    for question in questions:
        answer = given.get(question.name)
        if question.kind == "checkbox":
            if isinstance(answer, bool):
                found[question.name] = answer
        elif not isinstance(answer, str) or not answer.strip():
            continue
        elif question.kind != "select" or answer in [value for value, _label in question.choices]:
            found[question.name] = answer.strip()[:LONGEST_ANSWER]
    return found


def _new_device(visitor: ChatVisitor) -> str:
    token, digest = new_token()
    ChatDevice.objects.create(visitor=visitor, token_sha256=digest)
    return token


def _come_over(visitor: ChatVisitor, inbox: Inbox, offered_in: UUID) -> None:
    """The visitor is the customer whom a chat was offered, and their case goes on in it."""
    offers = Message.objects.filter(public_id=offered_in, meta__has_key=OFFER, sending__isnull=False)
    message = offers.select_related("sending").first()
    try:
        if message is None:
            raise ReplyIsNotPossibleError
        chat = enter_chat(message_id=message.pk, line=inbox, visitor=str(visitor.public_id))
    except DomainError:
        raise LinkIsDeadError(_("This link leads nowhere any more. You can begin a new chat.")) from None
    visitor.interaction, visitor.seen_at = chat, timezone.now()
    visitor.identity = Identity.objects.filter(kind=IdentityKind.VISITOR, value=str(visitor.public_id)).first()
    # Where the chat goes on when they leave; by a number nothing can be mailed.
    visitor.email = message.sending.recipient if message.sending.channel == Channel.EMAIL else ""
    visitor.save(update_fields=["interaction", "seen_at", "identity", "email"])
    if chat is not None:
        away = read_line(inbox.settings, name=inbox.name).away.total_seconds()
        transaction.on_commit(lambda: guests.is_here(chat.public_id, seconds=away), robust=True)


def _attest_email(visitor: ChatVisitor) -> None:
    """Who opens the link has read the mail: the address is this visitor's, unless it is known to be somebody else's."""
    chat = visitor.interaction
    if not visitor.email or chat is None or chat.customer_id is None:
        return
    if Identity.objects.filter(kind=IdentityKind.EMAIL, value=visitor.email).exclude(
        customer_id=chat.customer_id
    ).exists():  # fmt: skip
        return
    try:
        add_identity(
            customer_id=chat.customer_id,
            kind=IdentityKind.EMAIL.value,
            value=visitor.email,
            assurance=Assurance.ATTESTED,
            source=BY_LINK,
            by=None,
        )
    except IdentityBelongsToAnotherError:
        return
