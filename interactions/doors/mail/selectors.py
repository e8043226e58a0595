"""How the lines' mailboxes stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.cases.choices import Outcome
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.email.tokens import without_token
from interactions.channels.models import Inbox
from interactions.doors.mail.automatic import AUTOMATIC
from interactions.doors.models import Delivery, Mailbox
from interactions.intake.models import RawContact

LOOKS_BACK: Final = timedelta(days=30)

# One look that fails is followed by another within a minute or two; nobody need know of it.
LATE: Final = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class MailboxDown:
    """A line whose mail does not come in; `since` its last good look, None if there was none."""

    inbox: Inbox
    since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """One e-mail line: whether its mail is fetched, since when not, and why."""

    inbox: Inbox
    mailbox: Mailbox | None
    is_fetched: bool
    aside: int


def mailboxes_to_fetch() -> list[tuple[int, bool]]:
    """Lines whose mail lies on a server, and whether the last look at it failed."""
    failing = set(Mailbox.objects.exclude(error="").values_list("pk", flat=True))
    lines = Inbox.objects.filter(channel=Channel.EMAIL, is_active=True, settings__imap__host__isnull=False)
    return [(inbox.pk, inbox.pk in failing) for inbox in lines if inbox.settings["imap"].get("host")]


def mailboxes_down() -> list[MailboxDown]:
    """The longest first. Names of lines are open to everyone who is signed in, why it fails is not."""
    is_late = Q(checked_at=None) | Q(checked_at__lt=timezone.now() - LATE)
    failing = Mailbox.objects.filter(is_late, inbox__is_active=True).exclude(error="").select_related("inbox")
    return [
        MailboxDown(inbox=one.inbox, since=one.checked_at)
        for one in failing.order_by(F("checked_at").asc(nulls_first=True), "pk")
        if (one.inbox.settings.get("imap") or {}).get("host")
    ]


def line_named(name: str) -> Inbox | None:
    """The e-mail line of this name or address, whatever follows the plus of it."""
    named = Q(name=name) | Q(address__iexact=without_token(name))
    return Inbox.objects.filter(named, channel=Channel.EMAIL, is_active=True).first()


def mail_lines(user: User) -> list[Line]:
    """Every e-mail line, in the order of names."""
    inboxes = Inbox.objects.visible_to(user).filter(channel=Channel.EMAIL, is_active=True)
    mailboxes = Mailbox.objects.in_bulk([inbox.pk for inbox in inboxes])
    quarantined = Delivery.objects.visible_to(user).filter(state=Delivery.State.QUARANTINED)
    aside = quarantined.values("inbox").annotate(count=Count("pk"))
    counts = {row["inbox"]: row["count"] for row in aside}
    return [
        Line(
            inbox=inbox,
            mailbox=mailboxes.get(inbox.pk),
            is_fetched=bool((inbox.settings.get("imap") or {}).get("host")),
            aside=counts.get(inbox.pk, 0),
        )
        for inbox in inboxes
    ]


def automatic_mails(user: User) -> QuerySet[Interaction]:
    """Mails of the last weeks that machines wrote, in no thread and no contact of anybody's, the newest first."""
    if not user.can(Ability.OPERATE):
        return Interaction.objects.none()
    told = RawContact.objects.filter(interaction=OuterRef("pk"), payload__flags__contains=[AUTOMATIC])
    closed = Interaction.objects.visible_to(user).filter(channel=Channel.EMAIL, outcome=Outcome.NOT_A_CONTACT)
    lately = closed.filter(started_at__gt=timezone.now() - LOOKS_BACK)
    return lately.filter(Exists(told)).select_related("inbox", "identity").order_by("-started_at", "-pk")


def first_words(mails: Sequence[Interaction]) -> dict[int, str]:
    """How these begin."""
    return Interaction.objects.filter(pk__in=[mail.pk for mail in mails]).opening_words()
