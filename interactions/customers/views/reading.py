"""The list of customers and the page of one."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.customers.forms import NoteForm, PreferenceForm, ProfileForm, SearchForm
from interactions.customers.models import Customer
from interactions.customers.selectors import (
    customer_profile,
    find_customer,
    likely_same,
    search_customers,
    timeline,
    told_apart_from,
)


@require_safe
@needs(Ability.SEE_CUSTOMERS)
@vary_on_headers("HX-Request")
def customers(request: StaffRequest) -> HttpResponse:
    """Find a customer. With ?before= those that were made earlier."""
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    before = older_than(request)
    page = search_customers(user=request.user, text=text, before=before)
    if text:
        record_read(request=request, action=AuditEntry.Action.SEARCHED, object_kind="customer", object_id=None)
    template = "_customer_rows" if _wants_fragment(request) else "customers"
    return render(
        request,
        f"interactions/customers/{template}.html",
        {"form": form, "page": page, "text": text, "before": before},
    )


@require_safe
@needs(Ability.SEE_CUSTOMERS)
@vary_on_headers("HX-Request")
def customer(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One customer: profile and timeline. With ?before= the timeline's older part."""
    row = visible_customer(request, public_id)
    if row.public_id != public_id:
        return redirect("interactions:customer", row.public_id)
    record_read(request=request, action=AuditEntry.Action.READ, object_kind="customer", object_id=row.pk)
    before = older_than(request)
    page = timeline(row, request.user, before=before)
    if _wants_fragment(request):
        return render(
            request, "interactions/customers/_timeline.html", {"customer": row, "page": page, "before": before}
        )
    context = {
        "customer": row,
        "profile": customer_profile(row, request.user),
        "likely": likely_same(row, request.user),
        "apart": told_apart_from(row, request.user),
        "page": page,
        "before": before,
        "note_form": NoteForm(),
        "preference_form": PreferenceForm(),
        "profile_form": ProfileForm(
            initial={"name": row.name, "company": row.company, "language": row.language, "time_zone": row.time_zone}
        ),
        "can_merge": request.user.can(Ability.MERGE_CUSTOMERS) and row.erased_at is None,
        "can_erase": request.user.can(Ability.ERASE_CUSTOMERS) and row.erased_at is None,
        "can_keep": request.user.can(Ability.HANDLE_CONTACTS) and row.erased_at is None,
    }
    return render(request, "interactions/customers/customer.html", context)


def visible_customer(request: StaffRequest, public_id: UUID) -> Customer:
    """The customer as they are today, or a 404 that looks like any other."""
    try:
        return find_customer(public_id, request.user)
    except Customer.DoesNotExist:
        raise Http404 from None


def older_than(request: StaffRequest) -> UUID | None:
    """The row after which the page begins; nonsense begins at the start."""
    try:
        return UUID(request.GET.get("before", ""))
    except ValueError:
        return None


def _wants_fragment(request: StaffRequest) -> bool:
    # When the browser goes back and htmx has forgotten the page, it asks for the whole of it.
    asks = request.headers.get("HX-Request") == "true"
    return asks and request.headers.get("HX-History-Restore-Request") != "true"
