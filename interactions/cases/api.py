"""Interactions, their messages, cases and contact reasons, for reading."""

from typing import Any, cast
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.queries import query_of, user_of
from ccx.kernel.access.schema import PAGE_PARAMETERS
from ccx.kernel.audit.services import record_look
from ccx.kernel.events.changes import changes_after, position_before
from ccx.kernel.paging import CursorPages, next_link, page_schema, read_cursor, size_of
from interactions.cases.models import Case, ContactReason, Interaction
from interactions.cases.serializers import (
    CaseQuery,
    CaseSerializer,
    ChangesQuery,
    InteractionQuery,
    InteractionSerializer,
    MessageSerializer,
    ReasonQuery,
    ReasonSerializer,
)

ID = OpenApiParameter("public_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
SHOWN_WITH_INTERACTION = ("inbox", "customer", "case", "queue", "team", "agent", "reason", "disposition")


class InteractionsView(ApiView):
    """Interactions."""

    required_scopes = {"GET": (Scope.CONTACTS_READ,)}

    @extend_schema(
        operation_id="list_interactions",
        tags=["contacts"],
        parameters=[InteractionQuery, *PAGE_PARAMETERS],
        responses=page_schema(InteractionSerializer),
    )
    def get(self, request: Request) -> Response:
        """Contacts this key may see, newest first unless asked otherwise."""
        asked = query_of(request, InteractionQuery)
        self.page_order = (asked.pop("sort"),)
        columns = {
            "inbox": "inbox__public_id",
            "customer": "customer__public_id",
            "case": "case__public_id",
            "started_from": "started_at__gte",
            "started_before": "started_at__lt",
        }
        wanted = Q(**{columns.get(name, name): value for name, value in asked.items()})
        rows = Interaction.objects.visible_to(user_of(request)).filter(wanted).select_related(*SHOWN_WITH_INTERACTION)
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(InteractionSerializer(page, many=True).data)


class InteractionChangesView(ApiView):
    """What changed."""

    required_scopes = {"GET": (Scope.CONTACTS_READ,)}

    @extend_schema(
        operation_id="list_interaction_changes",
        tags=["contacts"],
        parameters=[ChangesQuery, *PAGE_PARAMETERS],
        responses=page_schema(InteractionSerializer),
    )
    def get(self, request: Request) -> Response:
        """Contacts as they are now that changed since, in the order of the event log.

        `next` is always given: keep it and ask again later for what changed after this answer. A contact comes again
        whenever something happens to it. `page[size]` counts events, so a page may hold fewer contacts, even none.
        """
        asked = query_of(request, ChangesQuery)
        cursor = read_cursor(request)
        begin = position_before(asked["since"]) if cursor is None and "since" in asked else 0
        position = begin if cursor is None else int(cursor[0])
        changes = changes_after(position=position, limit=size_of(request.query_params))
        seen = Interaction.objects.visible_to(user_of(request)).select_related(*SHOWN_WITH_INTERACTION)
        rows = seen.in_bulk(changes.interaction_ids)
        page = [rows[pk] for pk in changes.interaction_ids if pk in rows]
        return Response(
            {
                "results": InteractionSerializer(page, many=True).data,
                "has_more": changes.has_more,
                "next": next_link(request, [changes.position]),
            }
        )


class InteractionView(ApiView):
    """One interaction."""

    required_scopes = {"GET": (Scope.CONTACTS_READ,)}

    @extend_schema(operation_id="get_interaction", tags=["contacts"], parameters=[ID], responses=InteractionSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One contact."""
        query_of(request, is_paged=False)
        return Response(InteractionSerializer(visible_interaction(request, public_id)).data)


def visible_interaction(request: Request, public_id: UUID) -> Interaction:
    """The interaction, if the caller may see it. Raises Http404 otherwise, as for one that does not exist."""
    rows = Interaction.objects.visible_to(user_of(request)).select_related(*SHOWN_WITH_INTERACTION)
    return cast(Interaction, _one(rows, public_id))


def messages_page(request: Request, public_id: UUID) -> Response:
    """The messages of an interaction the caller may see, oldest first."""
    query_of(request)
    interaction = visible_interaction(request, public_id)
    record_look(request=request._request, object_kind="interaction", object_id=interaction.pk)
    rows = interaction.messages.not_taken_back().select_related("author").prefetch_related("attachments")
    pages = CursorPages()
    pages.page_order = ("sent_at",)
    page = pages.paginate_queryset(rows, request)
    return pages.get_paginated_response(MessageSerializer(page, many=True).data)


class CasesView(ApiView):
    """Cases."""

    required_scopes = {"GET": (Scope.CONTACTS_READ,)}

    @extend_schema(
        operation_id="list_cases",
        tags=["contacts"],
        parameters=[CaseQuery, *PAGE_PARAMETERS],
        responses=page_schema(CaseSerializer),
    )
    def get(self, request: Request) -> Response:
        """What customers want done, newest first unless asked otherwise."""
        asked = query_of(request, CaseQuery)
        self.page_order = (asked.pop("sort"),)
        columns = {"customer": "customer__public_id"}
        wanted = Q(**{columns.get(name, name): value for name, value in asked.items()})
        rows = Case.objects.visible_to(user_of(request)).filter(wanted).select_related("customer", "reason", "follows")
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(CaseSerializer(page, many=True).data)


class CaseView(ApiView):
    """One case."""

    required_scopes = {"GET": (Scope.CONTACTS_READ,)}

    @extend_schema(operation_id="get_case", tags=["contacts"], parameters=[ID], responses=CaseSerializer)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One case."""
        query_of(request, is_paged=False)
        rows = Case.objects.visible_to(user_of(request)).select_related("customer", "reason", "follows")
        return Response(CaseSerializer(_one(rows, public_id)).data)


class ReasonsView(ApiView):
    """Contact reasons."""

    required_scopes = {"GET": (Scope.CONFIG_READ,)}

    @extend_schema(
        operation_id="list_reasons",
        tags=["configuration"],
        parameters=[ReasonQuery, *PAGE_PARAMETERS],
        responses=page_schema(ReasonSerializer),
    )
    def get(self, request: Request) -> Response:
        """The tree of reasons for contact, flat; `parent` is the node above."""
        asked = query_of(request, ReasonQuery)
        wanted = Q(is_active=asked["is_active"]) if asked["is_active"] is not None else Q()
        rows = ContactReason.objects.visible_to(user_of(request)).filter(wanted).select_related("parent")
        pages = CursorPages()
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(ReasonSerializer(page, many=True).data)


def _one(rows: Any, public_id: UUID) -> Any:
    row = rows.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row
