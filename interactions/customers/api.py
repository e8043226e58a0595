"""Customers, for reading."""

from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.errors import InvalidInputError
from ccx.kernel.access.queries import query_of, user_of
from ccx.kernel.access.schema import PAGE_PARAMETERS
from ccx.kernel.access.shapes import wrong
from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.paging import CursorPages, page_schema
from interactions.customers.choices import normalise_identity
from interactions.customers.models import Customer
from interactions.customers.serializers import CustomerQuery, CustomerSerializer


class CustomersView(ApiView):
    """Customers by address."""

    required_scopes = {"GET": (Scope.CUSTOMERS_READ,)}

    @extend_schema(
        operation_id="list_customers",
        tags=["customers"],
        parameters=[CustomerQuery, *PAGE_PARAMETERS],
        responses=page_schema(CustomerSerializer),
    )
    def get(self, request: Request) -> Response:
        """Whoever has this address: one customer or none."""
        asked = query_of(request, CustomerQuery)
        try:
            value = normalise_identity(asked["identity_kind"], asked["identity_value"])
        except ValueError:
            problem = wrong("/identity_value", "not_an_address", "It is none of its kind.")
            raise InvalidInputError(errors=[problem]) from None
        rows = Customer.objects.visible_to(user_of(request)).filter(
            identities__kind=asked["identity_kind"], identities__value=value
        )
        record_read(request=request._request, action=AuditEntry.Action.SEARCHED, object_kind="customer")
        pages = CursorPages()
        page = pages.paginate_queryset(rows.select_related("merged_into").prefetch_related("identities"), request, self)
        return pages.get_paginated_response(CustomerSerializer(page, many=True).data)


class CustomerView(ApiView):
    """One customer."""

    required_scopes = {"GET": (Scope.CUSTOMERS_READ,)}

    @extend_schema(
        operation_id="get_customer",
        tags=["customers"],
        parameters=[OpenApiParameter("public_id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
        responses=CustomerSerializer,
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """One customer with every address we know."""
        query_of(request, is_paged=False)
        rows = (
            Customer.objects.visible_to(user_of(request)).select_related("merged_into").prefetch_related("identities")
        )
        customer = rows.filter(public_id=public_id).first()
        if customer is None:
            raise Http404
        record_read(
            request=request._request, action=AuditEntry.Action.READ, object_kind="customer", object_id=customer.pk
        )
        return Response(CustomerSerializer(customer).data)
