"""What a KPI is: the fields every figure is defined by, once, for every page, export, answer and tooltip."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.facts.measures import BY_NAME, Cohort, Kind
from analytics.kpis.expressions import Expression

Text = str | Promise

AGENT_DAY_COLUMNS = frozenset({"available_seconds", "contact_seconds", "idle_seconds", "away_seconds"})


class Unit(StrEnum):
    COUNT = "count"
    SHARE = "share"
    SECONDS = "seconds"
    MEAN = "mean"
    POINTS = "points"
    # Hundredths of the centre's currency.
    CENTS = "cents"


class Aggregation(StrEnum):
    SUM = "sum"
    RATIO = "ratio"
    QUANTILE = "quantile"
    DISTINCT = "distinct"


class Entity(StrEnum):
    CONTACT = "contact"
    CASE = "case"
    CUSTOMER = "customer"
    RESPONSE = "response"
    AGENT_DAY = "agent_day"


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Timing(StrEnum):
    LEADING = "leading"
    LAGGING = "lagging"


class ChannelScope(StrEnum):
    ALL = "all"
    LIVE = "live"
    MESSAGING = "messaging"


class Maturity(StrEnum):
    """How long must pass before a day may count."""

    NONE = "none"
    ONE_DAY = "1"
    THREE_DAYS = "3"
    SEVEN_DAYS = "7"
    WINDOW = "window"

    @property
    def days(self) -> int | None:
        """Fixed days; None: at once, or the resolution window of each contact's reason."""
        return None if self in {Maturity.NONE, Maturity.WINDOW} else int(self.value)

    @classmethod
    def of_days(cls, days: int) -> "Maturity":
        return cls(str(days))


COHORT_TEXT: Mapping[Cohort, Text] = {
    Cohort.ARRIVAL: _("Counts on the day the contact arrived, on its inbox's calendar."),
    Cohort.END: _("Counts on the day the case's first answered contact ended."),
}


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One definition. Changing what it means raises `version`; a report shows which one it was counted by."""

    key: str
    title: Text
    counted: Text
    unit: Unit
    numerator: Expression
    denominator: Expression | None = None
    version: int = 1
    entity: Entity = Entity.CONTACT
    aggregation: Aggregation = Aggregation.RATIO
    quantile: float | None = None
    column: str = ""
    scale: int = 1
    maturity: Maturity = Maturity.NONE
    switches: Mapping[str, str | int | bool] = field(default_factory=dict)
    channel_scope: ChannelScope = ChannelScope.ALL
    is_one_channel_at_a_time: bool = False
    precision: int = 1
    direction: Direction = Direction.NEITHER
    timing: Timing = Timing.LAGGING
    may_rank_agents: bool = False
    sources: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    family: str = ""
    variant: Text = ""
    beside: tuple[str, ...] = ()
    suppressed_below: int = 0

    @cached_property
    def measures(self) -> frozenset[str]:
        """Every column it reads."""
        return self.numerator.names | (self.denominator.names if self.denominator else frozenset())

    @property
    def cohort(self) -> Cohort:
        """Which day's bucket it counts in; numerator and denominator always share it."""
        return Cohort.ARRIVAL if self.is_of_agents else BY_NAME[min(self.measures)].cohort

    @property
    def is_of_agents(self) -> bool:
        """Read from agents' days, not from contacts."""
        return self.entity is Entity.AGENT_DAY

    @cached_property
    def sums_amounts(self) -> bool:
        """Whether its numerator adds seconds, scores or contacts: its rows are then those of the denominator."""
        return not self.is_of_agents and any(BY_NAME[name].kind is Kind.SUM for name in self.numerator.names)

    @property
    def is_proportion(self) -> bool:
        """A share of things that are each in or out, so that an interval can be given."""
        return self.unit is Unit.SHARE and not self.is_of_agents

    @property
    def needs_rows(self) -> bool:
        """Whether only facts can answer it."""
        return self.numerator.needs_rows or (self.denominator is not None and self.denominator.needs_rows)

    @property
    def cohort_text(self) -> Text:
        """In words, for "how it is counted"."""
        if self.is_of_agents:
            return _("Counts on the day of the centre's calendar.")
        return COHORT_TEXT[self.cohort]

    @property
    def maturity_text(self) -> Text:
        """In words, for "how it is counted"; empty where nothing has to be waited for."""
        if self.maturity is Maturity.NONE:
            return ""
        if self.maturity is Maturity.WINDOW:
            return _(
                "A day counts once the resolution window of its reason (7 days unless set otherwise) has passed; "
                "younger days are drawn dotted and left out of the headline."
            )
        return format_lazy(
            _(
                "A day counts once {days} × 24 hours after it have passed; younger days are drawn dotted and left out "
                "of the headline."
            ),
            days=self.maturity.value,
        )


def count(key: str, title: Text, counted: Text, numerator: str, **fields: object) -> Kpi:
    """A plain sum of a measure: contacts unless `unit` says otherwise."""
    return Kpi(
        key=key,
        title=title,
        counted=counted,
        numerator=Expression.parse(numerator),
        aggregation=Aggregation.SUM,
        **{"unit": Unit.COUNT, "precision": 0, **fields},  # type: ignore[arg-type]
    )


def ratio(key: str, title: Text, counted: Text, formula: tuple[str, str], **fields: object) -> Kpi:
    """Sum over sum: a share unless `unit` says otherwise. Never a mean of ratios."""
    numerator, denominator = formula
    return Kpi(
        key=key,
        title=title,
        counted=counted,
        numerator=Expression.parse(numerator),
        denominator=Expression.parse(denominator),
        **{"unit": Unit.SHARE, **fields},  # type: ignore[arg-type]
    )


def quantile(key: str, title: Text, counted: Text, base: str, **fields: object) -> Kpi:
    """A quantile of a duration over the contacts of the measure `base`."""
    return Kpi(
        key=key,
        title=title,
        counted=counted,
        unit=Unit.SECONDS,
        numerator=Expression.parse(base),
        aggregation=Aggregation.QUANTILE,
        **fields,  # type: ignore[arg-type]
    )


def distinct(key: str, title: Text, counted: Text, base: str, **fields: object) -> Kpi:
    """How many different values a column of facts has over the contacts of the measure `base`; it never adds up."""
    return Kpi(
        key=key,
        title=title,
        counted=counted,
        unit=Unit.COUNT,
        numerator=Expression.parse(base),
        aggregation=Aggregation.DISTINCT,
        entity=Entity.CUSTOMER,
        **{"precision": 0, **fields},  # type: ignore[arg-type]
    )
