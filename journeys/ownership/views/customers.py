"""Where a customer's contacts come from: a fragment of the desk, and a page of its own."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.customers.models import Customer
from interactions.customers.selectors import find_customer
from journeys.ownership.selectors import customer_places


@require_safe
@needs(Ability.SEE_CUSTOMERS)
@vary_on_headers("HX-Request")
def journey_of_customer(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The touchpoints and journeys that made a customer contact us."""
    try:
        customer = find_customer(public_id, request.user)
    except Customer.DoesNotExist:
        raise Http404 from None
    template = "_customer_journey" if request.headers.get("HX-Request") == "true" else "customer_journey"
    context = {"customer": customer, "places": customer_places(customer)}
    return render(request, f"journeys/ownership/{template}.html", context)
