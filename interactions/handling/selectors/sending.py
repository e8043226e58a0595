"""By which lines a customer can be written to, at what address, and what each of them takes."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.live.guests import standing_of
from ccx.kernel.secrets import SecretIsUnreadableError
from interactions.cases.choices import AuthorKind, Direction, InteractionStatus
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.channels.contract import Capabilities
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.customers.choices import Assurance, ConsentState
from interactions.customers.models import Consent, Identity
from interactions.handling.errors import ReplyIsNotPossibleError
from interactions.handling.selectors.preferring import stated_channel

# Consent to be written to about one's own affairs; advertising is another purpose.
SERVICE = "service"
MOST_CHATS = 5


@dataclass(frozen=True, kw_only=True)
class Way:
    """A line and an address of the customer. `why_not` says in words why it may not be used; empty: it may.

    `window_ends_at`: until then free words may be sent, after it templates only; None: there is no such limit.
    `is_there`: the customer sits at it now.
    """

    inbox: Inbox
    identity: Identity
    capabilities: Capabilities
    is_usual: bool = False
    is_preferred: bool = False
    is_there: bool = False
    why_not: str = ""
    window_ends_at: datetime | None = None

    @property
    def recipient(self) -> str:
        return self.identity.value

    @property
    def shown(self) -> str:
        """The recipient for people."""
        return self.identity.shown

    @property
    def needs_template(self) -> bool:
        """Whether free words would be refused now."""
        if self.capabilities.reply_window is None:
            return False
        return self.window_ends_at is None or self.window_ends_at <= timezone.now()


def capabilities_of(inbox: Inbox) -> Capabilities | None:
    """What a line can do; None if nobody speaks for it, or its credentials cannot be read."""
    adapter = adapter_of(inbox)
    if adapter is None:
        return None
    try:
        return adapter.capabilities(line_of(inbox))
    except SecretIsUnreadableError:
        return None


def way_out(interaction: Interaction) -> Way:
    """How a contact is answered where it came from; ReplyIsNotPossibleError says why it cannot be."""
    inbox, capabilities = _answering(interaction)
    identity = _address(interaction, inbox)
    if identity is None:
        raise ReplyIsNotPossibleError(_("We have no address of this customer to which this line could write."))
    if why_not := withdrawn(interaction, inbox):
        raise ReplyIsNotPossibleError(why_not)
    return Way(
        inbox=inbox,
        identity=identity,
        capabilities=capabilities,
        is_usual=True,
        window_ends_at=_window(capabilities, interaction.last_customer_message_at),
    )


def ways_out(interaction: Interaction) -> list[Way]:
    """Every way to the customer: first what they said they prefer, if it is open, then the usual one, then the others.

    Those that may not be used say why.
    """
    stated = stated_channel(interaction.customer_id)
    found: list[Way] = []
    with suppress(ReplyIsNotPossibleError):
        found.append(way_out(interaction))
    found += [*_others(interaction, found), *_chats(interaction)]
    marked = [replace(way, is_preferred=stated is not None and way.inbox.channel == stated.channel) for way in found]
    return sorted(marked, key=_place)


def default_way(interaction: Interaction) -> Way | None:
    """The way that the customer said they prefer, if it is open and takes free words; None: the usual one.

    Who is on the line is answered there.
    """
    stated = stated_channel(interaction.customer_id)
    if stated is None or stated.channel == interaction.channel or interaction.channel in LIVE_CHANNELS:
        return None
    return next((way for way in ways_out(interaction) if way.is_preferred and is_open(way) and not way.is_there), None)


def is_open(way: Way) -> bool:
    """Whether free words may go this way now."""
    return not way.why_not and not way.needs_template


def _place(way: Way) -> tuple[bool, ...]:
    is_first = way.is_preferred and is_open(way)
    return bool(way.why_not), not is_first, not way.is_usual, not way.is_preferred


def _answering(interaction: Interaction) -> tuple[Inbox, Capabilities]:
    inbox: Inbox | None
    for inbox in (interaction.inbox, interaction.inbox.reply_inbox):
        capabilities = capabilities_of(inbox) if inbox is not None else None
        if inbox is None or capabilities is None or not capabilities.can_send:
            continue
        if not inbox.is_active:
            raise ReplyIsNotPossibleError(_("The line that answers these contacts is switched off."))
        return inbox, capabilities
    raise ReplyIsNotPossibleError(_("No line is set up that could answer contacts of this one."))


def _address(interaction: Interaction, inbox: Inbox) -> Identity | None:
    """Where the contact came from; else an address of the customer that somebody vouches for."""
    kind = kind_of(inbox)
    if interaction.identity is not None and interaction.identity.kind == kind:
        return interaction.identity
    return (
        Identity.objects.filter(customer_id=interaction.customer_id or 0, kind=kind, assurance__gte=Assurance.ATTESTED)
        .order_by("-assurance", "-last_seen_at", "pk")
        .first()
    )


def kind_of(inbox: Inbox) -> str:
    """The kind of identity that a line writes to; empty where nobody speaks for it."""
    adapter = adapter_of(inbox)
    return adapter.identity_kind if adapter is not None else ""


def _window(capabilities: Capabilities, heard_at: datetime | None) -> datetime | None:
    if capabilities.reply_window is None or heard_at is None:
        return None
    return heard_at + capabilities.reply_window


def _others(interaction: Interaction, usual: list[Way]) -> Iterator[Way]:
    """Other lines, to the addresses of the customer that they write to."""
    if interaction.customer_id is None:
        return
    identities = list(Identity.objects.filter(customer_id=interaction.customer_id).order_by("-assurance", "pk"))
    heard = _heard(interaction.customer_id)
    taken = {(way.inbox.pk, way.identity.pk) for way in usual}
    for inbox in Inbox.objects.filter(is_active=True).exclude(channel__in=LIVE_CHANNELS).order_by("name"):
        fitting = [identity for identity in identities if identity.kind == kind_of(inbox)]
        capabilities = capabilities_of(inbox) if fitting else None
        if capabilities is None or not capabilities.can_send:
            continue
        for identity in fitting:
            if (inbox.pk, identity.pk) in taken:
                continue
            window = _window(capabilities, heard.get((inbox.pk, identity.pk)))
            way = Way(
                inbox=inbox,
                identity=identity,
                capabilities=capabilities,
                window_ends_at=window,
            )
            yield replace(way, why_not=_why_not(interaction, way, heard))


def _chats(interaction: Interaction) -> Iterator[Way]:
    """Chats of the customer that run: who sits there can be written to now."""
    running = Interaction.objects.filter(
        customer_id=interaction.customer_id or 0,
        channel=Channel.CHAT,
        status__in=[InteractionStatus.WAITING, InteractionStatus.ACTIVE, InteractionStatus.PENDING],
        identity__customer_id=interaction.customer_id or 0,
        inbox__is_active=True,
    ).exclude(pk=interaction.pk)
    for chat in running.select_related("inbox", "identity__customer", "agent").order_by("-started_at")[:MOST_CHATS]:
        capabilities = capabilities_of(chat.inbox)
        if capabilities is None or chat.identity is None:
            continue
        standing = standing_of(chat.public_id)
        is_there = standing is not None and not standing.has_left
        yield Way(
            inbox=chat.inbox,
            identity=chat.identity,
            capabilities=capabilities,
            is_there=is_there,
            why_not=_why_no_chat(interaction, chat, is_there=is_there),
        )


def _why_no_chat(interaction: Interaction, chat: Interaction, *, is_there: bool) -> str:
    if not is_there:
        return _("The customer has left the chat.")
    if chat.identity is None or chat.identity.assurance < Assurance.ATTESTED:
        return _("Nobody vouches for who sits in the chat.")
    if chat.case_id != interaction.case_id:
        return _("The customer chats about another case.")
    if chat.agent is not None and chat.agent_id != interaction.agent_id:
        return _("%(agent)s has the chat.") % {"agent": chat.agent}
    return ""


def _heard(customer_id: int) -> Mapping[tuple[int, int | None], datetime]:
    """When the customer was last heard on each line, by the address they used."""
    rows = Message.objects.filter(
        interaction__customer_id=customer_id, interaction__direction=Direction.INBOUND, author_kind=AuthorKind.CUSTOMER
    ).values_list("interaction__inbox_id", "interaction__identity_id")
    return {(inbox, identity): at for inbox, identity, at in rows.annotate(at=Max("sent_at")).order_by()}


def _why_not(interaction: Interaction, way: Way, heard: Mapping[tuple[int, int | None], datetime]) -> str:
    if way.identity.assurance < Assurance.ATTESTED:
        return _("Nobody vouches for this address: it was only claimed.")
    if why_not := withdrawn(interaction, way.inbox):
        return why_not
    last = heard.get((way.inbox.pk, way.identity.pk))
    if last is None and not way.capabilities.can_start:
        return _("On this channel only customers can begin.")
    is_known_there = any(identity == way.identity.pk for _inbox, identity in heard)
    if not is_known_there and not _gave(interaction, way.inbox):
        return _("The customer has not agreed to be written to on this channel.")
    if way.needs_template and not way.capabilities.templates:
        return _("The time for free words is over on this channel, and it has no templates.")
    return ""


def _newest(interaction: Interaction, inbox: Inbox) -> Consent | None:
    told = Consent.objects.filter(customer_id=interaction.customer_id or 0, purpose=SERVICE)
    return told.filter(channel__in=[inbox.channel]).order_by("-at", "-pk").first()


def _gave(interaction: Interaction, inbox: Inbox) -> bool:
    newest = _newest(interaction, inbox)
    return newest is not None and newest.state == ConsentState.GIVEN


def withdrawn(interaction: Interaction, inbox: Inbox) -> str:
    """Who asked to be left alone on a channel is, until they write there again."""
    newest = _newest(interaction, inbox)
    if newest is None or newest.state != ConsentState.WITHDRAWN:
        return ""
    wrote = interaction.last_customer_message_at if interaction.inbox.channel == inbox.channel else None
    if wrote is not None and wrote > newest.at:
        return ""
    return _("The customer asked not to be written to on this channel.")
