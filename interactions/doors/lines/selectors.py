"""Which lines there are, how each stands with its provider, and what may be added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from ccx.kernel.look.parts import Link, Tone
from ccx.kernel.models import User
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter
from interactions.channels.models import Inbox, LineHealth, LineState
from interactions.channels.registry import ADAPTERS
from interactions.channels.services import CONSENT
from interactions.doors.models import Mailbox

# How people look for them: what most have first.
CHANNELS: Final = (
    *(Channel.EMAIL, Channel.CHAT, Channel.VOICE, Channel.WHATSAPP, Channel.SMS, Channel.MESSENGER),
    *(Channel.INSTAGRAM, Channel.TELEGRAM, Channel.WEB_FORM, Channel.API),
)
PROVIDERS: Final[Mapping[str, str]] = {"microsoft": "Microsoft 365", "google": "Google"}
# Nobody else carries these: they work while we do.
OURS: Final = frozenset({Channel.CHAT, Channel.WEB_FORM})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a line stands, in a word with its sign; `told` is what the other side said."""

    tone: Tone
    word: str
    since: datetime | None = None
    told: str = ""
    is_given_up: bool = False


@dataclass(frozen=True, kw_only=True)
class LineShown:
    """A line, how it stands, and when a contact last came over it; None: never."""

    inbox: Inbox
    standing: Standing
    heard_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ConsentShown:
    """A person's consent to let a line into a mailbox. `account` gave it, `mailbox` is what the line opens with it.

    `can_do_without`: the provider may let the application itself in.
    """

    provider: str
    is_given: bool
    is_refused: bool
    account: str
    since: datetime | None
    mailbox: str
    can_do_without: bool

    @property
    def is_of_another(self) -> bool:
        """Whether somebody let us into a mailbox that is not their own."""
        return bool(self.account and self.mailbox) and self.account.lower() != self.mailbox.lower()


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A channel that a line can be added on, and through whom, the usual one first."""

    channel: Channel
    about: str
    ways: Sequence[Link]


def lines_shown(user: User, *, words: str = "", only: Channel | None = None) -> QuerySet[Inbox]:
    """The lines by name, those that are switched off last."""
    rows = Inbox.objects.visible_to(user).select_related("default_queue", "health").order_by("-is_active", "name")
    if only is not None:
        rows = rows.filter(channel=only)
    return rows.filter(Q(name__icontains=words) | Q(address__icontains=words)) if words else rows


def with_standing(inboxes: Sequence[Inbox]) -> list[LineShown]:
    """These lines and how they stand."""
    keys = [inbox.pk for inbox in inboxes]
    mailboxes = Mailbox.objects.in_bulk(keys)
    # The last of each line by itself: what they have in all is much. It is asked for as a range and in the order of the
    # one index of both, or a line that was never used would be sought in all contacts by their time.
    of_line = Interaction.objects.filter(inbox__gte=OuterRef("pk"), inbox__lte=OuterRef("pk"))
    last = of_line.order_by("-inbox_id", "-started_at").values("started_at")[:1]
    heard = dict(Inbox.objects.filter(pk__in=keys).order_by().annotate(last=Subquery(last)).values_list("pk", "last"))
    return [
        LineShown(inbox=inbox, standing=_standing(inbox, mailboxes.get(inbox.pk)), heard_at=heard.get(inbox.pk))
        for inbox in inboxes
    ]


def consent_shown(inbox: Inbox, kept: Collection[str]) -> ConsentShown | None:
    """How it stands with a line's consent, `kept` being the names of its secrets; None: it signs in without one."""
    told = inbox.settings.get("oauth")
    if not isinstance(told, dict) or not told.get("provider"):
        return None
    health: LineHealth | None = getattr(inbox, "health", None)
    provider = str(told["provider"])
    return ConsentShown(
        provider=PROVIDERS.get(provider, _("the provider")),
        is_given=CONSENT in kept,
        is_refused=CONSENT in kept and health is not None and health.state == LineState.REFUSED,
        account=str(told.get("account") or ""),
        since=parse_datetime(str(told.get("consented_at") or "")),
        mailbox=str((inbox.settings.get("imap") or {}).get("user") or inbox.address),
        can_do_without=provider == "microsoft",
    )


def choices_of_lines() -> list[Offered]:
    """What may be added: each channel, and through whom."""
    about = {
        Channel.EMAIL: _("A mailbox of yours, or a provider of mail."),
        Channel.CHAT: _("A window on your site, with one script tag."),
        Channel.VOICE: _("A number with a menu, or the telephone system that you have."),
        Channel.WHATSAPP: _("A business number, with templates after a day of silence."),
        Channel.SMS: _("A number that sends and receives."),
        Channel.MESSENGER: _("Messages to your Facebook page."),
        Channel.INSTAGRAM: _("Messages to your business account."),
        Channel.TELEGRAM: _("A bot of your own."),
        Channel.WEB_FORM: _("Questions on a page of ours, for your site to link to."),
        Channel.API: _("Any other system, by REST and signed webhooks."),
    }
    form = Link(label=_("A form of your own"), url=reverse("interactions:form-add"))
    return [
        Offered(
            channel=channel,
            about=about[channel],
            ways=[
                Link(label=str(adapter.label), url=reverse("interactions:line-add", args=[kind_of(adapter)]))
                for adapter in adapters_of(channel)
            ]
            or [form],
        )
        for channel in CHANNELS
    ]


def adapters_of(channel: Channel) -> list[Adapter]:
    """Who can speak for a line of this channel, the usual one first."""
    return [adapter for adapter in ADAPTERS if adapter.channel == channel]


def kind_of(adapter: Adapter) -> str:
    """An adapter's name in an address: its channel, and its provider where that is not the usual one."""
    return f"{adapter.channel.slug}-{adapter.provider}" if adapter.provider else adapter.channel.slug


def adapter_named(kind: str) -> Adapter | None:
    """The adapter of this name in an address."""
    return next((adapter for adapter in ADAPTERS if kind_of(adapter) == kind), None)


def _standing(inbox: Inbox, mailbox: Mailbox | None) -> Standing:
    health: LineHealth | None = getattr(inbox, "health", None)
    if not inbox.is_active:
        return Standing(tone="neutral", word=_("Switched off"))
    if health is not None and health.state != LineState.WELL:
        # With a consent that is taken no longer there is one thing to do.
        had_consent = bool((inbox.settings.get("oauth") or {}).get("consented_at"))
        refuses = _("Connect again") if had_consent else _("Refuses us")
        word = refuses if health.state == LineState.REFUSED else _("Down")
        word = _("Given up") if health.is_given_up else word
        since, told = health.since, health.last_error
        return Standing(tone="bad", word=word, since=since, told=told, is_given_up=health.is_given_up)
    is_fetched = bool((inbox.settings.get("imap") or {}).get("host"))
    if is_fetched and mailbox is not None and mailbox.error:
        return Standing(tone="bad", word=_("No mail comes in"), since=mailbox.checked_at, told=mailbox.error)
    if inbox.channel in OURS:
        return Standing(tone="good", word=_("Open"))
    was_fetched = is_fetched and mailbox is not None and mailbox.checked_at is not None
    if was_fetched or (health is not None and health.well_at is not None):
        return Standing(tone="good", word=_("Works"))
    return Standing(tone="info", word=_("Not tried yet"))
