"""GET /api/v1/figures and /api/v1/definitions: the registry and its figures, for machines."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.kpis.errors import InvalidPeriodError, UnknownFilterError
from analytics.kpis.questions import Period, Split, day_of, filters_of, last_day_of, with_horizon
from analytics.kpis.reading import read_figures
from analytics.kpis.registry import REGISTRY
from analytics.kpis.serializers import answer_body, definition_body
from ccx.kernel.access.models import Scope

MOST_KEYS = 50
MOST_DAYS_OF_SERIES = 1100
_FILTERS = ("queue", "team", "reason", "agent", "department", "journey", "job")
HORIZON = "Last day looked at: `period` (the period's own last day) or a day; left out, as far as is known."
SCOPES: Mapping[str, tuple[str, ...]] = {"GET": (Scope.FIGURES_READ,)}


class FiguresView(APIView):
    """Figures of a period with their exact numerators and denominators."""

    required_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = SCOPES

    @extend_schema(
        operation_id="read_figures",
        parameters=[
            OpenApiParameter("keys", str, required=True, description="Keys of /api/v1/definitions, comma-separated."),
            OpenApiParameter("from", str, required=True, description="First day (1999-01-01) or month (1999-01)."),
            OpenApiParameter("to", str, required=True, description="Last day or month, included."),
            OpenApiParameter("horizon", str, description=HORIZON),
            OpenApiParameter("compare", str, enum=["previous"], description="Beside the period before."),
            OpenApiParameter("split_by", str, enum=[split.value for split in Split]),
            OpenApiParameter("channel", str, description="voice, chat, email, ..."),
            *(OpenApiParameter(name, str, description="Public id, or `none`.") for name in _FILTERS),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Read them for what the caller may see."""
        asked = request.query_params
        period = Period(day_of(asked.get("from", "")), last_day_of(asked.get("to", "")))
        period = with_horizon(period, asked.get("horizon", ""))
        split_by = _split(asked.get("split_by", "none"))
        if split_by is Split.DAY and period.days > MOST_DAYS_OF_SERIES:
            raise InvalidPeriodError(_("Day by day, at most %(days)s days.") % {"days": MOST_DAYS_OF_SERIES})
        user: Any = request.user
        answer = read_figures(
            keys=_keys(asked.get("keys", "")),
            period=period,
            comparison=period.before if asked.get("compare") == "previous" else None,
            filters=filters_of(asked, user=user),
            split_by=split_by,
            user=user,
        )
        return Response(answer_body(answer))


class DefinitionsView(APIView):
    """Every KPI as it is defined."""

    required_scopes: ClassVar[Mapping[str, tuple[str, ...]]] = SCOPES

    @extend_schema(operation_id="read_definitions", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The whole registry; it is small."""
        return Response({"definitions": [definition_body(kpi) for kpi in REGISTRY.values()]})


def _keys(text: str) -> list[str]:
    keys = [key.strip() for key in text.split(",") if key.strip()]
    if not keys:
        raise UnknownFilterError(_("Name at least one key of /api/v1/definitions."))
    if len(keys) > MOST_KEYS:
        raise UnknownFilterError(_("At most %(keys)s keys at a time.") % {"keys": MOST_KEYS})
    return keys


def _split(text: str) -> Split:
    try:
        return Split(text)
    except ValueError:
        raise UnknownFilterError(_("“%(text)s” is nothing to split by.") % {"text": text}) from None
