"""Who am I, and which teams may I see."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.callers import caller_of
from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.errors import NotSignedInError
from ccx.kernel.access.queries import query_of, user_of
from ccx.kernel.access.schema import PAGE_PARAMETERS
from ccx.kernel.access.serializers import CallerSerializer, TeamSerializer
from ccx.kernel.paging import CursorPages, page_schema
from ccx.kernel.people.models import Team


class MeView(ApiView):
    """The caller."""

    required_scopes = {"GET": ()}

    @extend_schema(operation_id="me", tags=["access"], responses=CallerSerializer)
    def get(self, request: Request) -> Response:
        """The service user of this key and what the key may do."""
        query_of(request, is_paged=False)
        caller = caller_of(request._request)
        if caller is None:
            raise NotSignedInError
        return Response(
            {
                "user": str(caller.user.public_id),
                "name": caller.user.name,
                "scopes": sorted(caller.scopes),
                "key_prefix": caller.key.prefix if caller.key else None,
                "expires_at": caller.key.expires_at if caller.key else None,
            }
        )


class TeamsView(ApiView):
    """Teams."""

    required_scopes = {"GET": (Scope.CONFIG_READ,)}

    @extend_schema(
        operation_id="list_teams",
        tags=["configuration"],
        parameters=PAGE_PARAMETERS,
        responses=page_schema(TeamSerializer),
    )
    def get(self, request: Request) -> Response:
        """The teams whose contacts this key may see."""
        query_of(request)
        pages = CursorPages()
        rows = pages.paginate_queryset(Team.objects.visible_to(user_of(request)), request, self)
        return pages.get_paginated_response(TeamSerializer(rows, many=True).data)
