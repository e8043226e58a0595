"""What stands beside a conversation: who this is, what we owe them, what happened before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.calls.selectors import softphone_lines
from interactions.cases.choices import Direction, Outcome
from interactions.cases.models import Case, Interaction, Promise
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Customer, Identity
from interactions.customers.selectors import (
    CustomerProfile,
    Likely,
    TimelinePage,
    customer_profile,
    likely_same,
    timeline,
)
from interactions.desk.selectors import telling
from interactions.desk.selectors.door import workable

# The pane is small: what goes beyond is on the customer's page.
SHOWN_CONTACTS = 12
SHOWN_PROMISES = 20
KEPT_FOR_DAYS = 14
# A chain of repeats longer than this is told as "at least".
LONGEST_CHAIN = 20
# Fragments of rooms above this one, by address: an installation without them shows no card.
FEEDBACK_URL, JOURNEY_URL = "feedback:customer-feedback", "map:customer-journey"
# Kinds of identity whose drawing is not called like them.
ICONS: Mapping[str, str] = {IdentityKind.PHONE: "voice", IdentityKind.VISITOR: "chat", IdentityKind.ACCOUNT: "key"}
OPEN_AT_FIRST = frozenset({"profile", "promises", "cases", "timeline"})


@dataclass(frozen=True)
class Card:
    """One card: what it says closed, whether it stands open, and how loud it is."""

    key: str
    line: str
    is_open: bool
    tone: str = ""


@dataclass(frozen=True)
class KnownBy:
    """An address and how sure we are of it, in words."""

    identity: Identity
    icon: str
    assurance: str
    is_sure: bool
    may_call: bool = False


@dataclass(frozen=True)
class OwedPromise:
    """A promise and how it stands now: overdue, due (today), open or kept."""

    promise: Promise
    state: str


@dataclass(frozen=True)
class Repeat:
    """This contact is one of several about the same thing."""

    number: int
    line: str


@dataclass(frozen=True)
class Pane:
    """Everything the pane shows. `profile` is None while nobody knows who it is, or for those who may not know."""

    interaction: Interaction
    profile: CustomerProfile | None
    identities: tuple[KnownBy, ...]
    assurance: str
    is_doubtful: bool
    evidence: str
    likely: Sequence[Likely]
    local_time_text: str
    since: str
    repeat: Repeat | None
    promises: tuple[OwedPromise, ...]
    contacts: TimelinePage
    cards: Mapping[str, Card]
    feedback_url: str
    journey_url: str
    case_has_others: bool
    is_page_open: bool
    can_change: bool
    can_find: bool
    can_merge: bool

    @property
    def local_time(self) -> bool:
        """Whether it is known where the customer is."""
        return bool(self.local_time_text)


def pane(interaction: Interaction, user: User, opened: Mapping[str, bool]) -> Pane:
    """The pane of a contact the user was found to see; `opened` is what they opened and closed before."""
    now = timezone.now()
    customer, is_page_open = _customer(interaction, user)
    can_change, has_others = _may_change(interaction, customer, user)
    profile = customer_profile(customer, user) if customer else None
    promises = tuple(_promises(interaction, customer, user, now))
    contacts = timeline(customer, user, limit=SHOWN_CONTACTS) if customer else TimelinePage((), None)
    return Pane(
        interaction=interaction,
        profile=profile,
        identities=_addresses(profile, user),
        assurance=telling.assurance_words(interaction.assurance),
        is_doubtful=interaction.assurance < Assurance.ATTESTED,
        evidence=_evidence(interaction) if customer else "",
        likely=likely_same(customer, user) if customer and is_page_open else (),
        local_time_text=_local_time(customer, now),
        since=_since(profile),
        repeat=_repeat(interaction, customer),
        promises=promises,
        contacts=contacts,
        cards=_cards(interaction, profile, promises, contacts, opened),
        feedback_url=_address(FEEDBACK_URL, customer),
        journey_url=_address(JOURNEY_URL, customer),
        case_has_others=has_others,
        is_page_open=is_page_open,
        can_change=can_change,
        can_find=user.can(Ability.SEE_CUSTOMERS),
        can_merge=user.can(Ability.MERGE_CUSTOMERS),
    )


def older_contacts(interaction: Interaction, user: User, before: UUID | None) -> TimelinePage:
    """The next part of the timeline; empty for those who may not see the customer."""
    customer, _is_page_open = _customer(interaction, user)
    return timeline(customer, user, before=before, limit=SHOWN_CONTACTS) if customer else TimelinePage((), None)


def promises_seen(interaction: Interaction, user: User) -> QuerySet[Promise]:
    """The promises of the customer that the user may read; of an unknown person those of this case."""
    if interaction.customer_id is None:
        return Promise.objects.filter(case_id=interaction.case_id or 0)
    rows = Promise.objects.filter(case__customer_id=interaction.customer_id)
    if settings.CCX_WHOLE_CUSTOMER and user.can(Ability.SEE_CUSTOMERS):
        return rows
    return rows.filter(case__in=Case.objects.visible_to(user))


def cases_seen(interaction: Interaction, user: User) -> QuerySet[Case]:
    """The customer's cases that the user may put this contact into."""
    rows = Case.objects.filter(customer_id=interaction.customer_id or 0)
    if settings.CCX_WHOLE_CUSTOMER and user.can(Ability.SEE_CUSTOMERS):
        return rows
    return rows.filter(pk__in=Case.objects.visible_to(user).values("pk"))


def _customer(interaction: Interaction, user: User) -> tuple[Customer | None, bool]:
    """The contact's customer, and whether their page is open to the user.

    Whoever was handed a contact works with its customer, whatever their grants; the page stays closed to them.
    """
    if interaction.customer_id is None:
        return None, False
    seen = Customer.objects.visible_to(user).filter(pk=interaction.customer_id).first()
    if seen is not None:
        return seen, True
    is_own = interaction.agent_id == user.pk and user.can(Ability.SEE_CUSTOMERS)
    return (Customer.objects.get(pk=interaction.customer_id) if is_own else None), False


def _may_change(interaction: Interaction, customer: Customer | None, user: User) -> tuple[bool, bool]:
    """Whether the user may work on the contact, and whether splitting it off would leave something in its case."""
    if customer is not None and customer.erased_at is not None:
        return False, False
    others = Interaction.objects.filter(case=OuterRef("case")).exclude(pk=interaction.pk)
    found = workable(user).filter(pk=interaction.pk).values_list(Exists(others)).first()
    return found is not None, bool(found and found[0])


def _since(profile: CustomerProfile | None) -> str:
    first = profile.totals.first_contact_at if profile else None
    return formats.date_format(timezone.localtime(first), "j M Y") if first else ""


def _promises(interaction: Interaction, customer: Customer | None, user: User, now: datetime) -> list[OwedPromise]:
    wanted = Q(kept_at__isnull=True) | Q(kept_at__gte=now - timedelta(days=KEPT_FOR_DAYS))
    rows = promises_seen(interaction, user).filter(wanted).select_related("case", "made_by")
    rows = rows.order_by(F("kept_at").desc(nulls_first=True), "due_at", "pk")[:SHOWN_PROMISES]
    return [OwedPromise(row, _state(row, now)) for row in rows]


def _state(promise: Promise, now: datetime) -> str:
    if promise.kept_at is not None:
        return "kept"
    if promise.due_at < now:
        return "overdue"
    return "due" if timezone.localtime(promise.due_at).date() == timezone.localtime(now).date() else "open"


def _evidence(interaction: Interaction) -> str:
    return telling.evidence_line(interaction.identity, interaction.assurance, customer_id=interaction.customer_id)


def _addresses(profile: CustomerProfile | None, user: User) -> tuple[KnownBy, ...]:
    if profile is None:
        return ()
    has_number = any(row.kind == IdentityKind.PHONE for row in profile.identities)
    has_phone = has_number and bool(softphone_lines(user))
    return tuple(_known_by(row, has_phone=has_phone) for row in profile.identities)


def _known_by(identity: Identity, *, has_phone: bool) -> KnownBy:
    is_sure = identity.assurance >= Assurance.ATTESTED
    icon = ICONS.get(identity.kind, identity.kind)
    may_call = has_phone and identity.kind == IdentityKind.PHONE
    return KnownBy(identity, icon, telling.assurance_words(identity.assurance), is_sure, may_call)


def _local_time(customer: Customer | None, now: datetime) -> str:
    """The time where the customer is, if they told where."""
    if customer is None or not customer.time_zone:
        return ""
    try:
        return formats.date_format(now.astimezone(ZoneInfo(customer.time_zone)), "D H:i")
    except (ZoneInfoNotFoundError, ValueError):
        return ""


def _repeat(interaction: Interaction, customer: Customer | None) -> Repeat | None:
    """Walk back along contacts about the same reason while each came within the reason's window of the next."""
    reason = interaction.reason or (interaction.case.reason if interaction.case else None)
    if customer is None or reason is None:
        return None
    earlier = customer.interactions.filter(
        Q(reason=reason) | Q(reason__isnull=True, case__reason=reason),
        started_at__lt=interaction.started_at,
        direction=Direction.INBOUND,
    ).exclude(outcome=Outcome.NOT_A_CONTACT)
    window = timedelta(days=reason.resolution_window_days)
    first, number = interaction.started_at, 1
    for started_at in earlier.order_by("-started_at").values_list("started_at", flat=True)[:LONGEST_CHAIN]:
        if first - started_at > window:
            break
        first, number = started_at, number + 1
    if number == 1:
        return None
    days = max(1, round((interaction.started_at - first) / timedelta(days=1)))
    return Repeat(number, telling.repeat_line(number, reason.name, days))


def _cards(
    interaction: Interaction,
    profile: CustomerProfile | None,
    promises: tuple[OwedPromise, ...],
    contacts: TimelinePage,
    opened: Mapping[str, bool],
) -> dict[str, Card]:
    now = timezone.now()
    states = [row.state for row in promises]
    lines = {"promises": telling.promises_line(states)}
    if profile is not None:
        before = next((row for row in contacts.entries if row.public_id != interaction.public_id), None)
        lines |= {
            "profile": telling.profile_line(profile),
            "cases": telling.cases_line(len(profile.open_cases)),
            "timeline": telling.last_contact_line(before, now),
            "purchases": telling.purchases_line(profile, now),
            "notes": telling.notes_line(profile),
            "feedback": "",
            "journey": "",
        }
    tones = {"promises": "bad" if "overdue" in states else "warning" if "due" in states else ""}
    return {
        key: Card(key, line, opened.get(key, key in OPEN_AT_FIRST), tones.get(key, "")) for key, line in lines.items()
    }


def _address(name: str, customer: Customer | None) -> str:
    if customer is None:
        return ""
    try:
        return reverse(name, args=[customer.public_id])
    except NoReverseMatch:
        return ""
