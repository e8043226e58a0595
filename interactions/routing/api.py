"""Queues, for reading."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.queries import query_of, user_of
from ccx.kernel.access.schema import PAGE_PARAMETERS
from ccx.kernel.paging import CursorPages, page_schema
from interactions.routing.models import Queue
from interactions.routing.serializers import QueueSerializer


class QueuesView(ApiView):
    """Queues."""

    required_scopes = {"GET": (Scope.CONFIG_READ,)}

    @extend_schema(
        operation_id="list_queues",
        tags=["configuration"],
        parameters=PAGE_PARAMETERS,
        responses=page_schema(QueueSerializer),
    )
    def get(self, request: Request) -> Response:
        """The queues this key was granted."""
        query_of(request)
        pages = CursorPages()
        rows = Queue.objects.visible_to(user_of(request)).select_related("team")
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(QueueSerializer(page, many=True).data)
