"""Decisions about who a customer is: merging, taking that back, erasing."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.customers.errors import WereToldApartError
from interactions.customers.forms import ApartForm, EraseForm, MergeForm, SearchForm
from interactions.customers.models import Customer, CustomerMerge
from interactions.customers.selectors import customer_profile, merge_preview, search_customers
from interactions.customers.services import erase_customer, merge_customers, take_apart_back, tell_apart, undo_merge
from interactions.customers.views.reading import visible_customer

CANDIDATES = 20


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.MERGE_CUSTOMERS)
def customer_merge(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Pick the other customer (?q=), look at both side by side (?other=, ?keep=other to keep that one), confirm."""
    customer = visible_customer(request, public_id)
    if request.method == "POST":
        return _merge(request, customer)
    other = _other(request, customer)
    if other is not None:
        is_swapped = request.GET.get("keep") == "other"
        survivor, merged = (other, customer) if is_swapped else (customer, other)
        return _show_preview(request, survivor, merged)
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"].strip() if form.is_valid() else ""
    rows = search_customers(user=request.user, text=text, limit=CANDIDATES).rows if text else ()
    if text:
        record_read(request=request, action=AuditEntry.Action.SEARCHED, object_kind="customer", object_id=None)
    candidates = [row for row in rows if row.customer.pk != customer.pk]
    return render(
        request,
        "interactions/customers/merge_pick.html",
        {"customer": customer, "form": form, "text": text, "candidates": candidates},
    )


@require_POST
@needs(Ability.MERGE_CUSTOMERS)
def merge_undo(request: StaffRequest, public_id: UUID, merge_id: UUID) -> HttpResponse:
    """Make two customers of one again."""
    customer = visible_customer(request, public_id)
    merge = get_object_or_404(
        CustomerMerge.objects.visible_to(request.user), public_id=merge_id, survivor_id=customer.pk
    )
    try:
        undo_merge(merge_id=merge.pk, by=request.user)
        messages.success(request, _("The merge was undone. What came in since the merge stays here."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("interactions:customer", customer.public_id)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def apart(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Remember that an `other` customer is somebody else, or take that back."""
    customer = visible_customer(request, public_id)
    form = ApartForm(request.POST)
    if not form.is_valid():
        raise Http404
    other = visible_customer(request, form.cleaned_data["other"])
    try:
        if form.cleaned_data["take_back"]:
            take_apart_back(customer_id=customer.pk, other_id=other.pk, by=request.user)
            messages.success(request, _("Taken back: %(other)s may be suggested again.") % {"other": other})
        else:
            tell_apart(customer_id=customer.pk, other_id=other.pk, by=request.user)
            messages.success(request, _("Remembered: %(other)s is somebody else.") % {"other": other})
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("interactions:customer", customer.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.ERASE_CUSTOMERS)
def customer_erase(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Say what erasing does, and do it once the person is sure."""
    customer = visible_customer(request, public_id)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        erase_customer(customer_id=customer.pk, by=request.user)
        messages.success(request, _("The customer was erased. Figures keep their numbers."))
        return redirect("interactions:customer", customer.public_id)
    profile = customer_profile(customer, request.user)
    return render(
        request,
        "interactions/customers/erase.html",
        {"customer": customer, "profile": profile, "form": form},
        status=422 if request.method == "POST" else 200,
    )


def _merge(request: StaffRequest, customer: Customer) -> HttpResponse:
    form = MergeForm(request.POST)
    if not form.is_valid():
        raise Http404
    survivor = visible_customer(request, form.cleaned_data["survivor"])
    merged = visible_customer(request, form.cleaned_data["merged"])
    if customer.pk not in {survivor.pk, merged.pk}:
        raise Http404
    try:
        merge_customers(
            survivor_id=survivor.pk,
            merged_id=merged.pk,
            by=request.user,
            although_apart=form.cleaned_data["although_apart"],
        )
    except WereToldApartError as error:
        # The preview says who said so, and asks.
        messages.error(request, str(error))
        keep = "&keep=other" if customer.pk == merged.pk else ""
        other = merged if customer.pk == survivor.pk else survivor
        address = reverse("interactions:customer-merge", args=[customer.public_id])
        return redirect(f"{address}?other={other.public_id}{keep}")
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("interactions:customer-merge", customer.public_id)
    messages.success(request, _("The two are one customer now. You can undo this below."))
    return redirect("interactions:customer", survivor.public_id)


def _other(request: StaffRequest, customer: Customer) -> Customer | None:
    text = request.GET.get("other", "")
    if not text:
        return None
    try:
        other = visible_customer(request, UUID(text))
    except ValueError:
        raise Http404 from None
    return None if other.pk == customer.pk else other


def _show_preview(request: StaffRequest, survivor: Customer, merged: Customer) -> HttpResponse:
    for row in (survivor, merged):
        record_read(request=request, action=AuditEntry.Action.READ, object_kind="customer", object_id=row.pk)
    context = {
        "customer": survivor,
        "preview": merge_preview(survivor, merged, request.user),
        "profiles": [customer_profile(survivor, request.user), customer_profile(merged, request.user)],
    }
    return render(request, "interactions/customers/merge_preview.html", context)
