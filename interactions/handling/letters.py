"""A message of ours as its channel's adapter takes it along."""

from dataclasses import replace
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from interactions.cases.choices import AuthorKind
from interactions.cases.models import Attachment, Message
from interactions.channels.contract import Outgoing, OutgoingFile
from interactions.handling.models import Sending
from interactions.handling.selectors.inviting import OFFER, language_of, with_link
from interactions.handling.shown import file_address

MAX_THREAD: Final = 50


def outgoing_of(sending: Sending) -> Outgoing:
    """Everything an adapter may need of one message; files are read only when it asks for them."""
    message = sending.message
    interaction = message.interaction
    return Outgoing(
        reference=message.public_id,
        recipient=sending.recipient,
        subject=interaction.subject,
        body=message.body,
        author=message.author.name if message.author is not None else "",
        language=interaction.customer.language if interaction.customer is not None else "",
        interaction_id=interaction.pk,
        files=_files(message),
        template=sending.template,
        thread=_thread(message),
        copies=tuple(message.meta.get("copies", ())),
        last_heard_at=interaction.last_customer_message_at,
    )


def invited(outgoing: Outgoing, message: Message) -> Outgoing:
    """With the link that the message offers, if it offers one: made as it leaves, and kept nowhere in clear.

    Raises RefusedEffectError where there is no chat to open any more.
    """
    if OFFER not in message.meta:
        return outgoing
    link: str = import_string(settings.CCX_CHAT_LINK)(message=message)
    language = language_of(message.interaction, "")
    return replace(outgoing, body=with_link(outgoing.body, link, language=language))


def _files(message: Message) -> tuple[OutgoingFile, ...]:
    return tuple(
        OutgoingFile(
            name=kept.name,
            content_type=kept.content_type,
            size=kept.size,
            read=lambda kept=kept: _content(kept),  # type: ignore[misc]
            url=lambda kept=kept: file_address(kept),  # type: ignore[misc]
        )
        for kept in message.attachments.filter(state="kept").order_by("pk")
    )


def _content(kept: Attachment) -> bytes:
    with kept.file.open("rb") as file:
        content: bytes = file.read()
    return content


def _thread(message: Message) -> tuple[str, ...]:
    """What both sides wrote before, the oldest first: what came in by its own id, what went out by ours."""
    before = (
        Message.objects.filter(interaction_id=message.interaction_id, is_note=False, sent_at__lte=message.sent_at)
        .exclude(pk=message.pk)
        .order_by("sent_at", "pk")
        .only("public_id", "author_kind", "external_id")
    )
    return tuple(
        str(one.public_id) if one.author_kind == AuthorKind.AGENT else one.external_id for one in before[:MAX_THREAD]
    )
