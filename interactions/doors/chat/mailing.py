"""A chat goes on by mail: what a visitor with an address did not see, and the two ways back.

Nothing is repeated that was said while they were there, so a wrong address learns no more than what was meant for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ccx.kernel.events.effects import RefusedEffectError
from ccx.kernel.events.log import announce
from ccx.kernel.events.models import ReaderEffect
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.chat.line import LANGUAGES, page_address
from interactions.channels.choices import Channel
from interactions.channels.contract import Handed, Outgoing
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Identity
from interactions.customers.services import add_identity
from interactions.doors.chat.events import VisitorLeft
from interactions.doors.chat.selectors import chat_line, moment_of, seq_of, since, unread_answers, until
from interactions.doors.chat.services.ending import SHORTEST_AWAY
from interactions.doors.chat.tokens import mail_token
from interactions.doors.models import ChatLink, ChatVisitor
from interactions.handling.models import SendingState
from interactions.handling.settling import MAILED_AT, note_mailed, settle_sending, why

MOST_AT_ONCE: Final = 200
MOST_IN_A_MAIL: Final = 10
APART: Final = timedelta(minutes=2)
# More may be on its way, and one mail is better than two.
QUIET: Final = timedelta(seconds=20)
LOOKS_BACK: Final = timedelta(days=1)
LINK_LASTS: Final = timedelta(days=1)
SAYS_IT_GOES_ON: Final = "given in a chat"


def note_who_left() -> int:
    """Announce the visitors who left with answers unread and an address to send them to; how many."""
    return sum(_note(pk) for pk in list(_candidates().values_list("pk", flat=True)[:MOST_AT_ONCE]))


def mail_what_was_missed(effect: ReaderEffect) -> None:
    """Send one mail. Whoever is back in the meantime, or has seen it all, gets none.

    What the line refuses has failed, and the desk says so.
    """
    visitor = ChatVisitor.objects.select_related("inbox__reply_inbox", "interaction__agent").get(
        pk=effect.data["visitor_id"]
    )
    missed = _between(visitor, after=effect.data["after"], upto=effect.data["upto"])
    if not missed:
        return
    if not _is_away(visitor):
        ChatVisitor.objects.filter(pk=visitor.pk, mailed_up_to=effect.data["upto"]).update(
            mailed_up_to=effect.data["after"]
        )
        return
    try:
        line, handed = _send(visitor, missed)
    except RefusedEffectError as error:
        for message in missed:
            settle_sending(message_id=message.pk, state=SendingState.FAILED, error=why(error))
        return
    # A server took it: that is no more than "sent", and whatever is said of it later is said of all of them.
    note_mailed(message_ids=[one.pk for one in missed], line_id=line.pk, provider_id=handed.provider_id)
    if handed.state == SendingState.DELIVERED:
        settle_sending(message_id=missed[-1].pk, state=SendingState.DELIVERED)


def _send(visitor: ChatVisitor, missed: Sequence[Message]) -> tuple[Inbox, Handed]:
    line = visitor.inbox.reply_inbox
    adapter = adapter_of(line) if line is not None and line.is_active else None
    if line is None or adapter is None or not visitor.email:
        raise RefusedEffectError(_("The visitor has left, and no line answers for this one by mail."))
    _expect_answer(visitor)
    return line, adapter.send(line_of(line), _outgoing(visitor, missed))


def _candidates() -> QuerySet[ChatVisitor]:
    now = timezone.now()
    unread = Message.objects.filter(
        interaction_id=OuterRef("interaction_id"), is_note=False, sending__state=SendingState.SENT
    ).exclude(meta__has_key=MAILED_AT)
    chats = Interaction.objects.filter(
        Q(started_at__gt=now - LOOKS_BACK) | ~Q(status=InteractionStatus.CLOSED), channel=Channel.CHAT
    )
    return ChatVisitor.objects.filter(
        Exists(unread),
        interaction__in=chats,
        inbox__reply_inbox__is_active=True,
        seen_at__lt=now - SHORTEST_AWAY,
    ).exclude(email="")


@transaction.atomic
def _note(visitor_id: int) -> bool:
    visitor = (
        ChatVisitor.objects.select_for_update(of=("self",)).select_related("inbox", "interaction").get(pk=visitor_id)
    )
    chat = visitor.interaction
    if chat is None or not _is_away(visitor):
        return False
    after = max(visitor.shown_up_to, visitor.mailed_up_to)
    missed: list[Any] = list(unread_answers(visitor).filter(since(moment_of(after)))[:MOST_IN_A_MAIL])
    if not missed or timezone.now() - missed[-1].out_at < QUIET:
        return False
    if not cache.add(f"chat-mailed:{visitor.pk}", 1, timeout=APART.total_seconds()):
        return False
    upto = seq_of(missed[-1].out_at)
    visitor.mailed_up_to = upto
    visitor.save(update_fields=["mailed_up_to"])
    event = VisitorLeft(
        visitor_id=visitor.pk,
        after=after,
        upto=upto,
        interaction_id=chat.pk,
        case_id=chat.case_id,
        customer_id=chat.customer_id,
    )
    announce(event)
    return True


def _is_away(visitor: ChatVisitor) -> bool:
    return visitor.seen_at < timezone.now() - chat_line(visitor.inbox).away


def _between(visitor: ChatVisitor, *, after: int, upto: int) -> list[Message]:
    """What we said in that time and was not shown meanwhile."""
    last = moment_of(max(after, visitor.shown_up_to))
    return list(
        unread_answers(visitor)
        .filter(since(last), until(moment_of(upto)), sending__state=SendingState.SENT)
        .exclude(meta__has_key=MAILED_AT)
        .select_related("author")[:MOST_IN_A_MAIL]
    )


def _expect_answer(visitor: ChatVisitor) -> None:
    """An answer from this address, to the sealed one of this mail, is this chat's customer; a claim until it comes.

    An address that we know somebody by stays theirs.
    """
    chat = visitor.interaction
    known = Identity.objects.filter(kind=IdentityKind.EMAIL, value=visitor.email).exists()
    if known or chat is None or chat.customer_id is None:
        return
    add_identity(
        customer_id=chat.customer_id,
        kind=IdentityKind.EMAIL.value,
        value=visitor.email,
        assurance=Assurance.CLAIMED,
        source=SAYS_IT_GOES_ON,
        by=None,
    )


def _outgoing(visitor: ChatVisitor, missed: Sequence[Message]) -> Outgoing:
    title = chat_line(visitor.inbox).title
    last = missed[-1]
    language = visitor.language if visitor.language in LANGUAGES else chat_line(visitor.inbox).language
    with translation.override(language):
        return Outgoing(
            # The mail's name is that of the last message in it: an answer that only refers to it finds the chat.
            reference=last.public_id,
            recipient=visitor.email,
            subject=_("Your chat with %(title)s") % {"title": title},
            body=_words(visitor, missed, title=title),
            author=str(last.author) if last.author is not None else "",
            language=language,
            interaction_id=last.interaction_id,
        )


def _words(visitor: ChatVisitor, missed: Sequence[Message], *, title: str) -> str:
    said = [f"{message.author or title}, {_at(message.sent_at)}\n{_told(message)}" for message in missed]
    parts = [_("You left our chat. This is what was written to you since:"), *said, _("You can answer this mail.")]
    if link := _link(visitor):
        parts.append(_("Or go on in the chat; the link works once, for a day:") + f"\n{link}")
    return "\n\n".join(parts)


def _at(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _told(message: Message) -> str:
    files = [file.name for file in message.attachments.all()]
    return "\n".join([part for part in (message.body, *(f"[{name}]" for name in files)) if part])


def _link(visitor: ChatVisitor) -> str:
    """The way back into the chat, on whatever device. Not where a signed user typed an address that nobody vouches
    for: it would open everything that they ever wrote."""
    if visitor.site_user and not _is_vouched_for(visitor):
        return ""
    url = str(visitor.page.get("url") or page_address(visitor.inbox.public_id))
    token, digest = mail_token(visitor.email)
    now = timezone.now()
    with transaction.atomic():
        # One at a time: the one before is worth nothing once there is another.
        ChatLink.objects.filter(visitor=visitor, used_at=None, expires_at__gt=now).update(expires_at=now)
        ChatLink.objects.create(visitor=visitor, token_sha256=digest, expires_at=now + LINK_LASTS)
    return f"{url}#ccx-chat={token}"


def _is_vouched_for(visitor: ChatVisitor) -> bool:
    customer_id = visitor.interaction.customer_id if visitor.interaction is not None else 0
    attested = Identity.objects.filter(
        kind=IdentityKind.EMAIL, value=visitor.email, assurance__gte=Assurance.ATTESTED, customer_id=customer_id or 0
    )
    return attested.exists()
