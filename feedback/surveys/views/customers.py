"""What a customer answered, for whoever talks to them: a fragment of the desk, and a page of its own."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from feedback.surveys.selectors import customer_feedback
from interactions.customers.models import Customer
from interactions.customers.selectors import find_customer

MOST = 100


@require_safe
@needs(Ability.SEE_CUSTOMERS)
@vary_on_headers("HX-Request")
def feedback_of_customer(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The last answers of a customer."""
    try:
        customer = find_customer(public_id, request.user)
    except Customer.DoesNotExist:
        raise Http404 from None
    is_fragment = request.headers.get("HX-Request") == "true"
    feedback = customer_feedback(customer, request.user, **({} if is_fragment else {"limit": MOST}))
    record_read(request=request, action=AuditEntry.Action.READ, object_kind="customer", object_id=customer.pk)
    template = "_customer_feedback" if is_fragment else "customer_feedback"
    context = {
        "customer": customer,
        "feedback": feedback,
        "may_follow_up": request.user.can(Ability.FOLLOW_UP),
        "is_fragment": is_fragment,
    }
    return render(request, f"feedback/surveys/{template}.html", context)
