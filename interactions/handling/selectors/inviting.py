"""The chat that a reply may offer: a link in it opens a chat of ours, and the case goes on there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from interactions.cases.models import Interaction
from interactions.channels.chat.line import page_address, read_line
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance
from interactions.handling.errors import ReplyIsNotPossibleError
from interactions.handling.selectors.choosing import Going
from interactions.handling.selectors.sending import Way

OFFER: Final = "chat_offer"
# As long as the secret in a link is, with the words that make it one.
LINK_TAIL: Final = 80


@dataclass(frozen=True, kw_only=True)
class ChatOffer:
    """A chat line that a message on this way may invite to. `why_not` says in words why it may not."""

    line: Inbox
    title: str
    words: str
    why_not: str = ""


def chat_offers(interaction: Interaction, way: Way | None) -> Sequence[ChatOffer]:
    """Every chat line that the customer can be asked over to by the way that is chosen."""
    lines = Inbox.objects.filter(channel=Channel.CHAT, provider="", is_active=True).order_by("name")
    why_not = _why_not(way) if way is not None else _("There is no way to send a link to this customer.")
    with translation.override(language_of(interaction, "")):
        words = _("Let us go on in the chat: you need not repeat a word.")
    return [
        ChatOffer(line=line, title=read_line(line.settings, name=line.name).title, words=words, why_not=why_not)
        for line in lines
        if interaction.channel != Channel.CHAT
    ]


def offered_line(way: Way, going: Going) -> Inbox | None:
    """The line that a reply offers; None: it offers none. Raises ReplyIsNotPossibleError."""
    if going.chat_line_id is None:
        return None
    lines = Inbox.objects.filter(pk=going.chat_line_id, channel=Channel.CHAT, provider="", is_active=True)
    line = lines.first()
    why_not = _why_not(way)
    if line is None:
        why_not = _("This chat is switched off.")
    elif going.template:
        why_not = _("A template takes no link: its words are the provider's.")
    elif going.copies:
        why_not = _("The link to the chat is for one person. Take out those who get a copy.")
    if why_not:
        raise ReplyIsNotPossibleError(why_not)
    return line


def with_link(body: str, link: str, *, language: str) -> str:
    """What the customer reads of a message that offers a chat."""
    with translation.override(language):
        told = _("Here is your way into the chat. The link works once, within a day:")
    return "\n\n".join(part for part in (body.strip(), f"{told}\n{link}") if part)


def longest(body: str, line: Inbox, *, language: str) -> str:
    """The same with a link of its full length, to see whether it fits."""
    return with_link(body, page_address(line.public_id) + "x" * LINK_TAIL, language=language)


def language_of(interaction: Interaction, usual: str) -> str:
    """The customer's, where we speak it."""
    wished = interaction.customer.language if interaction.customer is not None else ""
    spoken = [code for code, _name in settings.LANGUAGES]
    main = wished.replace("_", "-").partition("-")[0].lower()
    return main if main in spoken else usual if usual in spoken else spoken[0]


def _why_not(way: Way) -> str:
    if way.inbox.channel in LIVE_CHANNELS:
        return _("The customer is in a chat already.")
    if way.identity.assurance < Assurance.ATTESTED:
        return _("Nobody vouches for this address, and the link lets in whoever reads it.")
    if way.needs_template:
        return _("The time for free words is over there, and a template takes no link.")
    return way.why_not
