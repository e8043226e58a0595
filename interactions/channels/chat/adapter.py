"""The chat line's side of the contract. There is nobody to hand a message to: the visitor's browser reads it here."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from django.utils.translation import gettext_lazy as _

from interactions.channels.chat.line import read_line
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, Capabilities, Check, Field, Handed, Line, Outgoing, Words

MAX_TEXT: Final = 5_000
MAX_FILES: Final = 5
MAX_FILE: Final = 10 * 1024 * 1024
FILE_TYPES: Final = ("image/*", "application/pdf", "text/plain", "audio/*", "video/*", "application/zip")

LOOK: Final = _("How it looks")
FLOW: Final = _("How it goes")
FIELDS: Final = (
    Field(
        name="origins",
        label=_("Sites that may show it"),
        kind="lines",
        is_required=True,
        help=_("One a line, as the browser writes it: https://shop.example. No paths, no patterns."),
    ),
    Field(name="title", label=_("Title"), group=LOOK, help=_("Empty: the line's name.")),
    Field(name="intro", label=_("Greeting"), group=LOOK),
    Field(name="accent", label=_("Colour"), group=LOOK, default="#1f6feb", help=_("Six digits, like #1f6feb.")),
    Field(
        name="position",
        label=_("Corner"),
        kind="choice",
        choices=(("right", _("Right")), ("left", _("Left"))),
        default="right",
        group=LOOK,
    ),
    Field(
        name="language",
        label=_("Language"),
        kind="choice",
        choices=(("en", "English"), ("de", "Deutsch")),
        default="en",
        group=LOOK,
        help=_("Where the visitor's own is not known."),
    ),
    Field(
        name="questions",
        label=_("Questions before the chat"),
        kind="lines",
        group=FLOW,
        help=_('One a line. "Order number *" must be answered; "Topic: Delivery, Refund" is a choice.'),
    ),
    Field(
        name="wants_email",
        label=_("Ask for the e-mail address"),
        kind="choice",
        choices=(("no", _("Never")), ("offline", _("When nobody is there")), ("always", _("Before every chat"))),
        default="offline",
        group=FLOW,
        help=_("With it the chat goes on by mail when the visitor leaves."),
    ),
    Field(
        name="when_nobody",
        label=_("When no agent is there"),
        kind="choice",
        choices=(("wait", _("The visitor waits in the queue")), ("form", _("Offer the form"))),
        default="wait",
        group=FLOW,
    ),
    Field(
        name="away_minutes",
        label=_("Minutes until a visitor counts as gone"),
        kind="number",
        default=3,
        group=FLOW,
    ),
    Field(name="takes_files", label=_("Visitors may send files"), kind="bool", default=True, group=FLOW),
    Field(
        name="identity_secret",
        label=_("Secret for signing users"),
        kind="secret",
        group=_("Users of your site"),
        help=_("Your site signs who its user is with it. At least 32 random characters; empty: nobody is known."),
    ),
)


class ChatAdapter(Adapter):
    """Chat of our own. What comes in comes through interactions/doors/chat; a reply is there once it is a row."""

    channel: ClassVar[Channel] = Channel.CHAT
    label: ClassVar[Words] = _("Chat on your site")
    identity_kind: ClassVar[str] = "visitor"
    has_webhook: ClassVar[bool] = False
    guide: ClassVar[str] = "docs/channels/chat-widget.md"

    def fields(self) -> Sequence[Field]:
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT,
            max_files=MAX_FILES,
            max_file=MAX_FILE,
            formats=("plain",),
            tells_read=True,
            shows_typing=True,
            is_instant=True,
            notes=(_("When the visitor has left, what you write goes on by mail if we have an address."),),
        )

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        return Handed(provider_id=str(outgoing.reference), state="sent")

    def check(self, line: Line) -> Iterable[Check]:
        sites = read_line(line.settings, name=line.name).origins
        yield Check(
            name=_("Sites"),
            is_well=len(sites) > 1,
            told=", ".join(sorted(sites)) if len(sites) > 1 else _("Name at least one site that may show the chat."),
        )
        secret = line.secrets.get("identity_secret", "")
        if secret:
            yield Check(
                name=_("Secret for signing users"),
                is_well=len(secret) >= 32,
                told="" if len(secret) >= 32 else _("It is too short: take at least 32 random characters."),
            )
