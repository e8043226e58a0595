"""What lies behind the figures of surveys: how often each score was given, and what customers wrote.

The same facts as the figures, restricted just as they are; the answers themselves are read from their own table.
"""

from collections.abc import Sequence
from typing import Final

from django.db.models import Count, QuerySet

from analytics.kpis.errors import FiguresAreHiddenError
from analytics.kpis.questions import Filters, Period
from analytics.kpis.registry import kpi_of
from analytics.kpis.sums import facts_for
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from feedback.models import Response
from feedback.surveys.choices import SCALES

WORDS_SHOWN: Final = 12


def scores_given(key: str, *, period: Period, filters: Filters, user: User) -> dict[int, int] | None:
    """How often each score of csat, ces or nps was given; None where so few answered that it is not shown."""
    answers = _answers(period, filters, user).filter(**{f"{key}__isnull": False})
    counted = dict(answers.order_by().values_list(key).annotate(number=Count("pk")))
    if 0 < sum(counted.values()) < kpi_of(key).suppressed_below:
        return None
    return {score: counted.get(score, 0) for score in SCALES[key]}


def words_written(*, period: Period, filters: Filters, user: User, most: int = WORDS_SHOWN) -> Sequence[Response]:
    """The newest words, for those who may read what a customer says at all."""
    if not (user.can(Ability.SEE_CUSTOMERS) or user.can(Ability.FOLLOW_UP)):
        return []
    rows = _answers(period, filters, user).exclude(comment="")
    return list(rows.select_related("interaction__reason").order_by("-answered_at", "-pk")[:most])


def _answers(period: Period, filters: Filters, user: User) -> QuerySet[Response]:
    if not user.can(Ability.SEE_DASHBOARDS):
        raise FiguresAreHiddenError
    facts = facts_for(period, filters.with_reasons(), user=user, day="day")
    return Response.objects.visible_to(user).filter(interaction_id__in=facts.order_by().values("interaction_id"))
