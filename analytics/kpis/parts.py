"""Parts of the business as cuts of figures: the map says which reasons belong to them, looked up when read."""

from uuid import UUID

from django.db.models import Case, F, IntegerField, Value, When

from ccx.kernel.models import User
from interactions.models import ContactReason
from journeys.models import ReasonTouchpoint
from journeys.ownership.choices import PartKind
from journeys.ownership.models import PARTS

_PATHS = {
    PartKind.DEPARTMENT: "touchpoint__department_id",
    PartKind.JOURNEY: "touchpoint__journey_id",
    PartKind.JOB: "job_id",
}


def part_of_reasons(kind: PartKind) -> dict[int, int]:
    """The part each reason belongs to; reasons of none are left out."""
    rows = ReasonTouchpoint.objects.exclude(**{_PATHS[kind]: None})
    return dict(rows.values_list("reason_id", F(_PATHS[kind])))


def reasons_of(kind: PartKind, part_id: int) -> frozenset[int]:
    """The reasons of a part; of part 0 those that belong to none, and no reason at all."""
    placed = part_of_reasons(kind)
    if part_id:
        return frozenset(reason for reason, part in placed.items() if part == part_id)
    return frozenset({0, *ContactReason.objects.exclude(pk__in=placed).values_list("pk", flat=True)})


def part_id_of(kind: PartKind, public_id: UUID, *, user: User) -> int | None:
    """The part that an address names, if the user may see it."""
    found = PARTS[kind].objects.visible_to(user).filter(public_id=public_id).values_list("pk", flat=True).first()
    return None if found is None else int(found)


def part_column(kind: PartKind) -> Case:
    """The part of a fact in SQL; 0: none."""
    of_part: dict[int, list[int]] = {}
    for reason, part in part_of_reasons(kind).items():
        of_part.setdefault(part, []).append(reason)
    whens = [When(reason_id__in=sorted(reasons), then=Value(part)) for part, reasons in sorted(of_part.items())]
    return Case(*whens, default=Value(0), output_field=IntegerField())
