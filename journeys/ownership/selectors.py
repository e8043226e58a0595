"""What the map's pages show: the tree of reasons with where they belong, and the parts with what hangs on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability, Role, UserKind
from interactions.cases.choices import Outcome
from interactions.models import ContactReason, Customer
from journeys.models import Department, JobToBeDone, Journey, ReasonTouchpoint, Touchpoint
from journeys.ownership.choices import PartKind
from journeys.ownership.models import PARTS, CostRate, Part


@dataclass(frozen=True, kw_only=True)
class ReasonRow:
    """A reason of the tree and where it belongs; `below` are the unmapped reasons under it."""

    reason: ContactReason
    depth: int
    path: str
    place: ReasonTouchpoint | None = None
    is_editable: bool = False
    below: int = 0


def may_keep_map(user: User) -> bool:
    """Whether the map's pages are open at all: to those who configure, and to owners for what is theirs."""
    return user.can(Ability.CONFIGURE) or user.can(Ability.OWN_EXPERIENCE)


def reason_rows(user: User, *, words: str = "", only_unmapped: bool = False) -> list[ReasonRow]:
    """The tree in reading order, each node under its parent; an owner finds the reasons on own touchpoints."""
    children: dict[int | None, list[ContactReason]] = {}
    for reason in ContactReason.objects.visible_to(user).order_by("name"):
        children.setdefault(reason.parent_id, []).append(reason)
    places = {place.reason_id: place for place in _places()}
    own = None if user.can(Ability.CONFIGURE) else set(Department.objects.owned_by(user).values_list("pk", flat=True))
    rows: list[ReasonRow] = []
    waiting = [(reason, 0, "") for reason in reversed(children.get(None, []))]
    while waiting:
        reason, depth, above = waiting.pop()
        place = places.get(reason.pk)
        below = _unmapped_below(reason, children, places)
        path = f"{above} / {reason.name}" if above else reason.name
        waiting.extend((child, depth + 1, path) for child in reversed(children.get(reason.pk, [])))
        is_own = own is None or (place is not None and place.touchpoint.department_id in own)
        if is_own and not (only_unmapped and place) and words.casefold() in f"{path} {reason.code}".casefold():
            rows.append(
                ReasonRow(reason=reason, depth=depth, path=above, place=place, is_editable=True, below=len(below))
            )
    return rows


def _places() -> QuerySet[ReasonTouchpoint]:
    return ReasonTouchpoint.objects.select_related("touchpoint__department__owner", "touchpoint__journey", "job")


def _unmapped_below(
    reason: ContactReason, children: dict[int | None, list[ContactReason]], places: dict[int, ReasonTouchpoint]
) -> list[int]:
    found, waiting = [], list(children.get(reason.pk, []))
    while waiting:
        node = waiting.pop()
        if node.pk not in places:
            found.append(node.pk)
        waiting.extend(children.get(node.pk, []))
    return found


def reason_with_unmapped_below(reason: ContactReason) -> list[int]:
    """A reason and every one under it that has no place yet."""
    children: dict[int | None, list[ContactReason]] = {}
    for node in ContactReason.objects.all():
        children.setdefault(node.parent_id, []).append(node)
    return [reason.pk, *_unmapped_below(reason, children, {place.reason_id: place for place in _places()})]


def row_of(reason: ContactReason) -> ReasonRow:
    """One line of the table again, after it changed."""
    depth, above = 0, reason.parent
    names: list[str] = []
    while above is not None:
        depth, names, above = depth + 1, [above.name, *names], above.parent
    place = _places().filter(reason=reason).first()
    return ReasonRow(reason=reason, depth=depth, path=" / ".join(names), place=place, is_editable=True)


def editable_reasons(user: User) -> QuerySet[ContactReason]:
    """The reasons whose place the user may change."""
    rows = ContactReason.objects.visible_to(user)
    if user.can(Ability.CONFIGURE):
        return rows
    own = Department.objects.owned_by(user)
    return rows.filter(pk__in=ReasonTouchpoint.objects.filter(touchpoint__department__in=own).values("reason"))


def editable_touchpoints(user: User) -> QuerySet[Touchpoint]:
    """The touchpoints the user may change and put reasons on."""
    rows = Touchpoint.objects.select_related("department", "journey").order_by("department__name", "name")
    return rows if user.can(Ability.CONFIGURE) else rows.filter(department__in=Department.objects.owned_by(user))


def departments_to_choose(user: User) -> QuerySet[Department]:
    """The departments a touchpoint may be put under."""
    rows = Department.objects.order_by("name")
    return rows if user.can(Ability.CONFIGURE) else rows.filter(pk__in=Department.objects.owned_by(user))


def journeys_to_choose(user: User) -> QuerySet[Journey]:
    """The journeys a touchpoint may be put on: an owner's own."""
    rows = Journey.objects.order_by("name")
    return rows if user.can(Ability.CONFIGURE) else rows.filter(owner=user)


def jobs_to_choose(user: User) -> QuerySet[JobToBeDone]:
    """The jobs that may be named for a reason: an owner's own, and those that nobody owns."""
    rows = JobToBeDone.objects.order_by("name")
    return rows if user.can(Ability.CONFIGURE) else rows.filter(Q(owner=user) | Q(owner=None))


def parts_with_counts(kind: PartKind, user: User) -> Sequence[Part]:
    """Departments, journeys or jobs with how much hangs on each: touchpoints, or reasons."""
    rows = PARTS[kind].objects.visible_to(user).select_related("owner").order_by("name")
    counted = "reasons" if kind is PartKind.JOB else "touchpoints"
    return list(rows.annotate(hanging=Count(counted, distinct=True)))


def touchpoints_with_counts(user: User) -> list[Touchpoint]:
    """The touchpoints the user may change, with how many reasons each has."""
    rows = editable_touchpoints(user).select_related("department__owner", "journey")
    return list(rows.annotate(hanging=Count("reasons")))


def possible_owners(user: User) -> QuerySet[User]:
    """Who may be made an owner: open accounts of experience owners and administrators."""
    roles = [Role.EXPERIENCE_OWNER, Role.ADMINISTRATOR]
    rows = User.objects.visible_to(user).filter(kind=UserKind.PERSON, is_active=True)
    return rows.filter(Q(role__in=roles) | Q(is_superuser=True)).order_by("name")


def rates_in_order(user: User) -> list[CostRate]:
    """Cost rates by channel, newest first; those for all channels on top."""
    rows = CostRate.objects.visible_to(user)
    return sorted(rows, key=lambda rate: (rate.channel or 0, -rate.valid_from.timestamp()))


@dataclass(frozen=True, kw_only=True)
class CustomerPlace:
    """A touchpoint that sent a customer to us: how often, for what reason mostly, and when last."""

    touchpoint: Touchpoint
    reason: ContactReason
    contacts: int
    last_at: datetime


def customer_places(customer: Customer) -> list[CustomerPlace]:
    """Where a customer's contacts come from, most first; reasons that are on no map are left out."""
    counted = customer.interactions.filter(reason__isnull=False).exclude(outcome=Outcome.NOT_A_CONTACT)
    by_reason = {
        reason_id: (number, last)
        for reason_id, number, last in counted.values_list("reason").annotate(
            number=Count("pk"), last=Max("started_at")
        )
    }
    places = _places().filter(reason_id__in=by_reason).select_related("reason", "touchpoint__journey")
    found: dict[int, list[tuple[int, datetime, ReasonTouchpoint]]] = {}
    for place in places:
        number, last = by_reason[place.reason_id]
        found.setdefault(place.touchpoint_id, []).append((number, last, place))
    rows = []
    for parts in found.values():
        _number, _last, main = max(parts, key=lambda part: part[0])
        rows.append(
            CustomerPlace(
                touchpoint=main.touchpoint,
                reason=main.reason,
                contacts=sum(number for number, _at, _place in parts),
                last_at=max(last for _n, last, _place in parts),
            )
        )
    return sorted(rows, key=lambda row: (-row.contacts, row.touchpoint.name))
