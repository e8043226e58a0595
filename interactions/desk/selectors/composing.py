"""What the composer offers: whether a reply can be written, to whom it goes, what fits, and what was begun."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError
from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind, InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.channels.contract import TemplateSlot
from interactions.channels.email.tokens import without_token
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance
from interactions.desk.choices import ComposerMode
from interactions.desk.selectors.standing import Standing
from interactions.handling.models import Draft, DraftFile
from interactions.handling.selectors import Way
from interactions.handling.selectors.choosing import MOST_COPIES, chosen_way, copies_for, goes_on_here, may_choose
from interactions.handling.selectors.lines import LineDown, lines_down
from interactions.handling.selectors.preferring import learned_channel, stated_channel


@dataclass(frozen=True)
class Gate:
    """What may be written now, and why no more than that."""

    mode: ComposerMode
    way: Way | None = None
    why_not: str = ""
    goes_elsewhere: bool = False
    down: LineDown | None = None
    # Whether there may be other ways to choose from.
    can_choose: bool = False
    # What the customer prefers, in words; what they do, where the way is another.
    prefers: str = ""
    is_preferred: bool = False
    habit: str = ""

    @property
    def way_slug(self) -> str:
        return Channel(self.way.inbox.channel).slug if self.way else ""

    @property
    def can_reply(self) -> bool:
        return self.mode == ComposerMode.REPLY

    @property
    def needs_template(self) -> bool:
        return self.can_reply and self.way is not None and self.way.needs_template

    @property
    def has_templates(self) -> bool:
        return self.can_reply and self.way is not None and bool(self.way.capabilities.templates)

    @property
    def takes_copies(self) -> bool:
        return self.can_reply and self.way is not None and self.way.inbox.channel == Channel.EMAIL

    @property
    def can_wait(self) -> bool:
        """Whether a reply may leave later: nobody is on the line there."""
        return self.can_reply and self.way is not None and self.way.inbox.channel not in LIVE_CHANNELS

    @property
    def free_until(self) -> datetime | None:
        return self.way.window_ends_at if self.can_reply and self.way and not self.way.needs_template else None

    @property
    def limits(self) -> str:
        """What the browser counts against while somebody writes; the server counts again."""
        if self.way is None:
            return "{}"
        can = self.way.capabilities
        return json.dumps(
            {
                "text": can.max_text,
                "textWithFiles": can.max_text_with_files or can.max_text,
                "counts": can.counts,
                "parts": self.way.inbox.channel == Channel.SMS,
                "files": can.max_files,
                "size": can.max_file,
                "types": list(can.file_types),
            }
        )


@dataclass(frozen=True)
class Begun:
    """The words the person has begun, or none, under the id they will be sent as, with the files beside them."""

    draft_id: UUID
    body: str = ""
    is_note: bool = False
    files: Sequence[DraftFile] = ()
    copies: str = ""
    template: Mapping[str, Any] = field(default_factory=dict)
    send_at: datetime | None = None
    offered: Inbox | None = None

    @property
    def template_key(self) -> str:
        return f"{self.template['name']}|{self.template['language']}" if self.template.get("name") else ""

    @property
    def leaves_at(self) -> str:
        """The moment that was chosen, as a browser's field takes it."""
        return f"{timezone.localtime(self.send_at):%Y-%m-%dT%H:%M}" if self.send_at is not None else ""

    @property
    def parameters(self) -> str:
        """What fills the template, for the browser."""
        return json.dumps(self.template.get("parameters", []))


def gate(stands: Standing, user: User) -> Gate:
    """What the person may write in this contact."""
    contact = stands.interaction
    if contact.is_closed or not stands.can_note:
        return Gate(mode=ComposerMode.NOTHING)
    if contact.status == InteractionStatus.WRAP_UP and stands.is_mine:
        return Gate(mode=ComposerMode.WRAP_UP)
    can_choose = stands.can_reply and contact.customer_id is not None
    draft = Draft.objects.filter(interaction=contact, author=user).first()
    try:
        way = _way(contact, user, draft)
    except DomainError as refused:
        return Gate(mode=ComposerMode.NOTE, why_not=str(refused), can_choose=can_choose)
    if not stands.can_reply:
        return Gate(mode=ComposerMode.NOTE, way=way)
    sees = may_choose(contact, user)
    down = next((line for line in lines_down() if line.inbox.pk == way.inbox.pk), None)
    return Gate(
        mode=ComposerMode.REPLY,
        way=way,
        goes_elsewhere=not goes_on_here(contact, way),
        down=down,
        can_choose=can_choose,
        **(_likings(contact, way) if can_choose and sees else {}),
    )


def _likings(contact: Interaction, way: Way) -> dict[str, Any]:
    """What is to be said of the channel: what they stated, else what they do where the way is another."""
    stated = stated_channel(contact.customer_id)
    if stated is not None:
        return {"prefers": preference_line(contact), "is_preferred": stated.channel == way.inbox.channel}
    habit = learned_channel(contact.customer_id)
    is_elsewhere = habit is not None and habit.channel != way.inbox.channel
    return {"habit": habit_line(contact)} if is_elsewhere else {}


def _way(contact: Interaction, user: User, draft: Draft | None) -> Way:
    """The way that was chosen, while it is open; else the usual one."""
    if draft is not None and draft.inbox_id is not None:
        try:
            return chosen_way(contact, user=user, inbox_id=draft.inbox_id, identity_id=draft.recipient_id)
        except DomainError:
            return chosen_way(contact, user=user)
    return chosen_way(contact, user=user)


def begun(*, interaction: Interaction, user: User, way: Way | None) -> Begun:
    """What the person was writing here when they left. After a call one notes first, and writes if one wants to."""
    copies = ", ".join(copied_in(interaction, way)) if way is not None else ""
    draft = Draft.objects.filter(interaction=interaction, author=user).first()
    if draft is None:
        return Begun(draft_id=uuid4(), is_note=interaction.channel == Channel.VOICE, copies=copies)
    files = tuple(draft.files.order_by("pk"))
    return Begun(
        draft_id=draft.public_id,
        body=draft.body,
        is_note=draft.is_note,
        files=files,
        copies=copies,
        template=draft.template,
        send_at=draft.send_at,
        offered=_offered(draft),
    )


def _offered(draft: Draft) -> Inbox | None:
    """The chat that the draft offers, while its line is in use."""
    key = draft.template.get("chat")
    return Inbox.objects.filter(public_id=key, channel=Channel.CHAT, is_active=True).first() if key else None


def preference_line(interaction: Interaction) -> str:
    """What the customer said they prefer, and how we know: "Prefers e-mail: an agent was told on 3 Nov 2026"."""
    stated = stated_channel(interaction.customer_id)
    if stated is None:
        return ""
    told = {"channel": stated.channel.label, "source": stated.source, "day": _day(stated.said_at)}
    return _("Prefers %(channel)s: %(source)s on %(day)s") % told


def habit_line(interaction: Interaction) -> str:
    """What they do, where that is a habit: "Usually writes by WhatsApp (7 of 10)"."""
    habit = learned_channel(interaction.customer_id)
    if habit is None:
        return ""
    told = {"channel": habit.channel.label, "times": habit.times, "of": habit.of}
    if habit.channel == Channel.VOICE:
        return _("Usually calls (%(times)d of %(of)d)") % told
    return _("Usually writes by %(channel)s (%(times)d of %(of)d)") % told


def _day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "j M Y")


def copied_in(interaction: Interaction, way: Way) -> list[str]:
    """Who else got the customer's last mail, and so gets the answer; our own lines are nobody else.

    Of a mail that nobody vouches for its copies are nobody's either: who forges one must not join a conversation.
    """
    if way.inbox.channel != Channel.EMAIL or interaction.assurance < Assurance.ATTESTED:
        return []
    said = Message.objects.filter(interaction=interaction, author_kind=AuthorKind.CUSTOMER).order_by("-sent_at", "-pk")
    meta = said.values_list("meta", flat=True).first() or {}
    told = [str(one.get("address", "")).lower() for name in ("to", "cc") for one in meta.get(name, ())]
    if not told:
        return []
    ours = {address.lower() for address in Inbox.objects.exclude(address="").values_list("address", flat=True)}
    others = [address for address in told if without_token(address) not in ours]
    try:
        return copies_for(way, others[:MOST_COPIES])
    except DomainError:
        return []


def templates_of(way: Way) -> Sequence[TemplateSlot]:
    """Those of the line, in the customer's language first."""
    customer = way.identity.customer
    language = customer.language.split("-")[0].split("_")[0].lower()
    return sorted(
        way.capabilities.templates,
        key=lambda slot: (not language or not slot.language.lower().startswith(language), slot.name, slot.language),
    )
