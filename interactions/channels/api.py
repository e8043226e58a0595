"""Inboxes, for reading."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.queries import query_of, user_of
from ccx.kernel.access.schema import PAGE_PARAMETERS
from ccx.kernel.paging import CursorPages, page_schema
from interactions.channels.models import Inbox
from interactions.channels.serializers import InboxSerializer


class InboxesView(ApiView):
    """Inboxes."""

    required_scopes = {"GET": (Scope.CONFIG_READ,)}

    @extend_schema(
        operation_id="list_inboxes",
        tags=["configuration"],
        parameters=PAGE_PARAMETERS,
        responses=page_schema(InboxSerializer),
    )
    def get(self, request: Request) -> Response:
        """The lines on which contacts arrive."""
        query_of(request)
        pages = CursorPages()
        rows = Inbox.objects.visible_to(user_of(request)).select_related("default_queue")
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(InboxSerializer(page, many=True).data)
