"""Which of the ways to the customer a reply takes, and whether what was written fits through it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ccx.kernel.models import User
from interactions.cases.models import Interaction
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.channels.contract import Capabilities, TemplateSlot
from interactions.customers.models import Customer
from interactions.handling.errors import (
    CopiesAreWrongError,
    FileDoesNotFitError,
    ReplyIsNotPossibleError,
    TemplateIsWrongError,
    TextIsTooLongError,
)
from interactions.handling.selectors.sending import Way, default_way, way_out, ways_out

HOLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MOST_COPIES: Final = 20
# What goes along with a note, which no provider limits.
NOTE_LIMITS: Final = Capabilities(max_files=20, max_file=25 * 1024 * 1024)


@dataclass(frozen=True, kw_only=True)
class Going:
    """How a reply is to go, where it is not simply to go: another line, files, a template, copies, a moment.

    `chat_line_id`: it takes along a link that opens a chat on this line.
    """

    inbox_id: int | None = None
    identity_id: int | None = None
    files: tuple[UUID, ...] = ()
    template: Mapping[str, Any] = field(default_factory=dict)
    copies: tuple[str, ...] = ()
    send_at: datetime | None = None
    chat_line_id: int | None = None


class Sized(Protocol):
    """A file as far as limits look at it."""

    @property
    def name(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def size(self) -> int: ...


def ways_for(interaction: Interaction, user: User) -> list[Way]:
    """The ways that this person may choose from: who may not see the customer is shown no other address of theirs."""
    ways = ways_out(interaction)
    return ways if may_choose(interaction, user) else [way for way in ways if way.is_usual]


def may_choose(interaction: Interaction, user: User) -> bool:
    """Whether this person is shown more of the customer than what they wrote here."""
    return Customer.objects.visible_to(user).filter(pk=interaction.customer_id or 0).exists()


def chosen_way(
    interaction: Interaction, *, user: User, inbox_id: int | None = None, identity_id: int | None = None
) -> Way:
    """The way that was chosen; else the one that the customer said they prefer, if the person may see them; else the
    usual one, and after a call the first that is open.

    ReplyIsNotPossibleError says why there is none.
    """
    if inbox_id is not None:
        ways = [way for way in ways_for(interaction, user) if way.inbox.pk == inbox_id]
        found = next((way for way in ways if identity_id in {None, way.identity.pk}), None)
        if found is None:
            raise ReplyIsNotPossibleError(_("This customer cannot be written to in this way any more."))
        if found.why_not:
            raise ReplyIsNotPossibleError(found.why_not)
        return found
    if (preferred := default_way(interaction)) is not None and may_choose(interaction, user):
        return preferred
    try:
        return _fit_to_use(way_out(interaction))
    except ReplyIsNotPossibleError:
        others = ways_for(interaction, user) if interaction.channel == Channel.VOICE else []
        open_one = next((way for way in others if not way.why_not), None)
        if open_one is None:
            raise
        return open_one


def goes_on_here(interaction: Interaction, way: Way) -> bool:
    """Whether what goes this way belongs to this contact; a contact has one line."""
    return way.is_usual or way.inbox.pk in {interaction.inbox_id, interaction.inbox.reply_inbox_id}


def _fit_to_use(way: Way) -> Way:
    if way.needs_template and not way.capabilities.templates:
        raise ReplyIsNotPossibleError(
            _("The time for free words is over on this channel, and it has no templates. Choose another way.")
        )
    return way


def length_of(text: str, can: Capabilities) -> int:
    """As long as the provider counts it."""
    if can.counts == "bytes":
        return len(text.encode())
    return len(text.encode("utf-16-le")) // 2 if can.counts == "utf16" else len(text)


def filled(slot: TemplateSlot, parameters: Sequence[str]) -> str:
    """The template's text as the customer will read it."""
    names = list(dict.fromkeys(HOLE.findall(slot.text)))
    words = dict(zip(names, parameters, strict=False))
    return HOLE.sub(lambda hole: words.get(hole[1], hole[0]), slot.text)


def words_to_send(way: Way, body: str, template: Mapping[str, Any]) -> str:
    """What the customer will read: the words, or the filled template. Raises TemplateIsWrongError."""
    if not template:
        if way.needs_template:
            raise TemplateIsWrongError(_("The time for free words is over on this channel. Choose a template."))
        return body
    name, language = template.get("name"), template.get("language")
    slots = (slot for slot in way.capabilities.templates if (slot.name, slot.language) == (name, language))
    slot = next(slots, None)
    if slot is None:
        raise TemplateIsWrongError(_("This template is not approved any more. Choose another."))
    parameters = [str(one).strip() for one in template.get("parameters", ())]
    if len(parameters) != slot.parameters or not all(parameters):
        raise TemplateIsWrongError(_("Fill in every gap of the template."))
    return filled(slot, parameters)


def refuse_unless_it_fits(way: Way, text: str, files: Sequence[Sized], going: Going) -> None:
    """Raise if the provider would not take it as it is."""
    can = way.capabilities
    refuse_files_that_do_not_fit(files, can)
    if files and text.strip() and not can.has_text_with_files:
        raise FileDoesNotFitError(_("On this channel a file goes without words. Send one after the other."))
    longest = (can.max_text_with_files if files else None) or can.max_text
    if longest is not None and length_of(text, can) > longest:
        raise TextIsTooLongError(
            _("This channel takes %(longest)s characters, and this has %(number)s.")
            % {"longest": longest, "number": length_of(text, can)}
        )
    if going.send_at is not None:
        _refuse_late(way, going)


def refuse_files_that_do_not_fit(files: Sequence[Sized], can: Capabilities) -> None:
    """Raise if they are too many, too large or of a kind that the line does not take."""
    if len(files) > can.max_files:
        if not can.max_files:
            raise FileDoesNotFitError(_("This channel takes no files."))
        raise FileDoesNotFitError(
            ngettext(
                "This channel takes %(n)d file with a message.",
                "This channel takes %(n)d files with a message.",
                can.max_files,
            )
            % {"n": can.max_files}
        )
    for file in files:
        if file.size > can.max_file:
            raise FileDoesNotFitError(
                _("%(name)s is too large: this channel takes %(most)s at most.")
                % {"name": file.name, "most": filesizeformat(can.max_file)}
            )
        if not takes(file.content_type, can.file_types):
            raise FileDoesNotFitError(
                _("%(name)s is of a kind that this channel does not take (%(kind)s).")
                % {"name": file.name, "kind": file.content_type}
            )


def takes(content_type: str, patterns: Iterable[str]) -> bool:
    """Whether a media type is among those: "image/*" stands for all of a kind, none at all for any."""
    wanted = tuple(patterns)
    family = content_type.partition("/")[0]
    return not wanted or content_type in wanted or f"{family}/*" in wanted or "*/*" in wanted


def copies_for(way: Way, told: Iterable[str]) -> list[str]:
    """The addresses that get it too, each once; none of them ours or the recipient's. Raises CopiesAreWrongError."""
    copies = []
    for address in dict.fromkeys(one.strip().lower() for one in told):
        if not address or address in {way.recipient.lower(), way.inbox.address.lower()}:
            continue
        try:
            validate_email(address)
        except ValidationError:
            raise CopiesAreWrongError(_("%(address)s is no e-mail address.") % {"address": address}) from None
        copies.append(address)
    if copies and way.inbox.channel != Channel.EMAIL:
        raise CopiesAreWrongError(_("Only e-mail goes to several people."))
    if len(copies) > MOST_COPIES:
        raise CopiesAreWrongError(_("No more than %(n)d people get a copy.") % {"n": MOST_COPIES})
    return copies


def _refuse_late(way: Way, going: Going) -> None:
    assert going.send_at is not None  # noqa: S101 - told to the type checker; the caller looked
    if going.send_at <= timezone.now():
        raise ReplyIsNotPossibleError(_("Choose a moment that is still to come."))
    if way.inbox.channel in LIVE_CHANNELS:
        raise ReplyIsNotPossibleError(_("The customer is on the line; what is said there is said now."))
    if going.template or way.window_ends_at is None:
        return
    if going.send_at >= way.window_ends_at:
        raise ReplyIsNotPossibleError(_("By then the time for free words is over on this channel. Use a template."))
