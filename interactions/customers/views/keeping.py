"""Small forms on a customer's page: notes, preferences, the profile."""

from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.customers.forms import NoteForm, PreferenceForm, ProfileForm
from interactions.customers.models import Customer
from interactions.customers.services import add_note, edit_profile, set_preference
from interactions.customers.views.reading import visible_customer


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def customer_note(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Add a note."""
    customer = visible_customer(request, public_id)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            add_note(customer_id=customer.pk, body=form.cleaned_data["body"], by=request.user)
            messages.success(request, _("Note added."))
        except DomainError as error:
            messages.error(request, str(error))
    return _back(request, customer, form)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def customer_preference(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Set what the customer prefers on a topic; the source is the person who was told."""
    customer = visible_customer(request, public_id)
    form = PreferenceForm(request.POST)
    if form.is_valid():
        try:
            set_preference(
                customer_id=customer.pk,
                topic=form.cleaned_data["topic"],
                value=form.cleaned_data["value"],
                source="agent",
                by=request.user,
            )
            messages.success(request, _("Preference saved."))
        except DomainError as error:
            messages.error(request, str(error))
    return _back(request, customer, form)


@require_POST
@needs(Ability.HANDLE_CONTACTS)
def customer_profile_edit(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Change name, company, language or time zone."""
    customer = visible_customer(request, public_id)
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            edit_profile(customer_id=customer.pk, changes=form.cleaned_data, by=request.user)
            messages.success(request, _("Profile saved."))
        except DomainError as error:
            messages.error(request, str(error))
    return _back(request, customer, form)


def _back(request: StaffRequest, customer: Customer, form: BaseForm) -> HttpResponse:
    for field, errors in form.errors.items():
        for error in errors:
            messages.error(request, f"{form.fields[field].label}: {error}")
    return redirect("interactions:customer", customer.public_id)
