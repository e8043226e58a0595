"""The rows behind a figure: exactly the facts whose expression is not zero, newest first."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from analytics.facts.measures import Cohort
from analytics.facts.models import Fact
from analytics.kpis.definition import Kpi, Maturity
from analytics.kpis.errors import FiguresAreHiddenError, UnknownFilterError
from analytics.kpis.expressions import Expression
from analytics.kpis.maturing import Clock
from analytics.kpis.questions import Filters, Period
from analytics.kpis.sums import facts_for
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from interactions.models import Interaction

PAGE_SIZE = 50
MOST_EXPORTED = 100_000


class Part(StrEnum):
    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


@dataclass(frozen=True)
class At:
    """An hour of the day, of a weekday (ISO) or of any, on each contact's own calendar."""

    hour: int
    weekday: int | None = None

    @classmethod
    def told(cls, hour: str, weekday: str) -> "At | None":
        """As an address names it; None: any time. Raises UnknownFilterError."""
        if not hour and not weekday:
            return None
        if not (hour.isdecimal() and int(hour) < 24 and (not weekday or weekday in set("1234567"))):
            raise UnknownFilterError(_("There is no such hour."))
        return cls(int(hour), int(weekday) if weekday else None)

    @property
    def condition(self) -> Q:
        return Q(hour=self.hour) & (Q() if self.weekday is None else Q(weekday=self.weekday))


@dataclass(frozen=True, kw_only=True)
class RowsOf:
    """The facts behind one part of one figure, and how they add up to it."""

    kpi: Kpi
    part: Part
    rows: QuerySet[Fact]
    expression: Expression

    @property
    def adds_amounts(self) -> bool:
        """Whether rows carry amounts (seconds, scores, contacts) that add up to the numerator."""
        return self.part is Part.NUMERATOR and self.kpi.sums_amounts

    def totals(self) -> tuple[int, int]:
        """How many rows there are, and what their expression adds up to: the figure's own part."""
        found = self.rows.order_by().aggregate(number=Count("pk"), total=Sum("contribution"))
        return found["number"], int(found["total"] or 0)

    def page(self, cursor: str = "") -> tuple[list[Fact], str]:
        """One page and the cursor of the next; empty at the end."""
        rows = self.rows
        if cursor:
            moment, pk = read_cursor(cursor)
            rows = rows.filter(Q(started_at__lt=moment) | Q(started_at=moment, pk__lt=pk))
        found = list(rows[: PAGE_SIZE + 1])
        following = write_cursor(found[PAGE_SIZE - 1]) if len(found) > PAGE_SIZE else ""
        return found[:PAGE_SIZE], following

    def every(self) -> Iterator[Fact]:
        """All of them, for an export."""
        return self.rows[:MOST_EXPORTED].iterator(chunk_size=2000)


def rows_of(*, kpi: Kpi, part: Part, period: Period, filters: Filters, user: User, at: At | None = None) -> RowsOf:
    """The facts that one part of a figure counts, restricted just as the figure is; `at` for a figure of an hour."""
    if not user.can(Ability.SEE_DASHBOARDS):
        raise FiguresAreHiddenError
    if kpi.is_of_agents:
        raise UnknownFilterError(_("This figure counts agents' time, not contacts; it has no rows of contacts."))
    expression = kpi.numerator if part is Part.NUMERATOR or kpi.denominator is None else kpi.denominator
    chosen = kpi.denominator if part is Part.NUMERATOR and kpi.sums_amounts and kpi.denominator else expression
    day = "day" if kpi.cohort is Cohort.ARRIVAL else "end_day"
    rows = facts_for(period, filters.with_reasons(), user=user, day=day)
    if at is not None:
        rows = rows.filter(at.condition)
    if kpi.maturity is not Maturity.NONE:
        cutoffs = Clock.for_period(period).cutoffs(kpi.maturity)
        if not cutoffs.are_past(period):
            rows = rows.filter(cutoffs.condition(period=period, day=day))
    counted: Any = rows.annotate(chosen=_sql(chosen), contribution=_sql(expression))
    return RowsOf(
        kpi=kpi,
        part=part,
        rows=counted.exclude(chosen=0).order_by("-started_at", "-pk"),
        expression=expression,
    )


def _sql(expression: Expression) -> Any:
    """The expression on one row."""
    whole: Any = None
    for term in expression.terms:
        product: Any = F(term.names[0])
        for name in term.names[1:]:
            product = product * F(name)
        if whole is None:
            whole = product if term.sign > 0 else product * -1
        else:
            whole = whole + product if term.sign > 0 else whole - product
    return whole


def write_cursor(fact: Fact) -> str:
    """Where a page ended."""
    return base64.urlsafe_b64encode(f"{fact.started_at.isoformat()}|{fact.pk}".encode()).decode()


def read_cursor(text: str) -> tuple[datetime, int]:
    """Raises UnknownFilterError for anything that write_cursor did not write."""
    try:
        moment, pk = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        return datetime.fromisoformat(moment), int(pk)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise UnknownFilterError(_("This page of rows does not exist.")) from None


def interactions_behind(facts: Sequence[Fact], *, user: User) -> dict[int, Any]:
    """What a list shows of the contacts themselves, by their id: one query."""
    fields = (
        "public_id",
        "customer__name",
        "customer__public_id",
        "team__name",
        "queue__name",
        "reason__name",
    )
    rows = Interaction.objects.visible_to(user).filter(pk__in=[fact.interaction_id for fact in facts])
    return {row["pk"]: row for row in rows.values("pk", "agent__name", *fields)}
