"""The page of one contact, to read."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.files import file_response
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.cases.models import Interaction
from interactions.cases.selectors import attachment_of, conversation


@require_safe
@needs(Ability.SEE_CUSTOMERS)
def interaction(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """What was said in one contact, and how its time was spent."""
    try:
        found = conversation(public_id=public_id, user=request.user)
    except Interaction.DoesNotExist:
        raise Http404 from None
    record_read(
        request=request, action=AuditEntry.Action.READ, object_kind="interaction", object_id=found.interaction.pk
    )
    return render(request, "interactions/cases/conversation.html", {"conversation": found})


@require_safe
@needs(Ability.SEE_CUSTOMERS)
def attachment(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """A file that somebody sent, to be saved; `?inline` shows a picture that can be shown. Nothing in it runs."""
    found = attachment_of(public_id=public_id, user=request.user)
    if found is None:
        raise Http404
    try:
        with found.file.open() as file:
            content = file.read()
    except OSError:
        raise Http404 from None
    record_read(request=request, action=AuditEntry.Action.READ, object_kind="attachment", object_id=found.pk)
    return file_response(content=content, name=found.name, is_inline="inline" in request.GET)
