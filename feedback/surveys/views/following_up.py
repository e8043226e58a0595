"""Unhappy answers and who looks after them."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.errors import DomainError
from ccx.kernel.look.parts import Empty, Link
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from feedback.surveys.forms import CloseForm
from feedback.surveys.models import FollowUp
from feedback.surveys.selectors import follow_up_counts, follow_ups, who_may_take
from feedback.surveys.services import close_follow_up, hand_over_follow_up, look_into, take_follow_up
from interactions.models import Interaction

PAGE_SIZE = 30
TABS = ("mine", "unassigned", "overdue", "open", "closed")


@require_safe
@needs(Ability.FOLLOW_UP)
def follow_up_list(request: StaffRequest) -> HttpResponse:
    """One tab of follow-ups, the most urgent first."""
    which = request.GET.get("which", "mine")
    if which not in TABS:
        raise Http404
    page = Paginator(follow_ups(request.user, which), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = follow_up_counts(request.user)
    if page.object_list:
        record_read(request=request, action=AuditEntry.Action.READ, object_kind="follow_up", object_id=None)
    context = {
        "tabs": _tabs(which, counts),
        "page": page,
        "which": which,
        "now": timezone.now(),
        "empty": _empty(which, counts),
        "sees_customers": request.user.can(Ability.SEE_CUSTOMERS),
    }
    return render(request, "feedback/surveys/follow_ups.html", context)


@require_safe
@needs(Ability.FOLLOW_UP)
def follow_up(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One answer with everything that is known, and what can be done about it."""
    found = _follow_up(request, public_id)
    record_read(request=request, action=AuditEntry.Action.READ, object_kind="follow_up", object_id=found.pk)
    return _page(request, found, CloseForm())


@require_POST
@needs(Ability.FOLLOW_UP)
def follow_up_take(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """I look after it."""
    found = _follow_up(request, public_id)
    try:
        take_follow_up(follow_up_id=found.pk, by=request.user)
        messages.success(request, _("It is yours."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("feedback:follow-up", found.public_id)


@require_POST
@needs(Ability.FOLLOW_UP)
def follow_up_hand_over(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Somebody else looks after it."""
    found = _follow_up(request, public_id)
    chosen = request.POST.get("to", "")
    person = next((one for one in who_may_take(found) if str(one.public_id) == chosen), None)
    if person is None:
        messages.error(request, _("Choose somebody who may look after it."))
        return redirect("feedback:follow-up", found.public_id)
    try:
        hand_over_follow_up(follow_up_id=found.pk, to=person, by=request.user)
        messages.success(request, _("%(name)s looks after it now.") % {"name": person.name})
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("feedback:follow-up", found.public_id)


@require_POST
@needs(Ability.FOLLOW_UP)
def follow_up_close(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Done, and what caused it."""
    found = _follow_up(request, public_id)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            close_follow_up(follow_up_id=found.pk, cause=form.cleaned_data["cause"], by=request.user)
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("feedback:follow-up", found.public_id)
        messages.success(request, _("Closed. The cause is kept with the answer."))
        return redirect(reverse("feedback:follow-ups"))
    return _page(request, found, form, status=422)


@require_POST
@needs(Ability.FOLLOW_UP)
def follow_up_open_contact(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """To the contact; its owner has begun by that."""
    found = _follow_up(request, public_id)
    look_into(follow_up_id=found.pk, by=request.user)
    return redirect("interactions:interaction", found.response.interaction.public_id)


def _follow_up(request: StaffRequest, public_id: UUID) -> FollowUp:
    rows = FollowUp.objects.visible_to(request.user).select_related(
        "owner", "response__interaction__customer", "response__interaction__reason", "response__interaction__team"
    )
    return get_object_or_404(rows, public_id=public_id)


def _page(request: StaffRequest, found: FollowUp, form: CloseForm, *, status: int = 200) -> HttpResponse:
    interaction = found.response.interaction
    sees_contact = Interaction.objects.visible_to(request.user).filter(pk=interaction.pk).exists()
    context = {
        "follow_up": found,
        "response": found.response,
        "interaction": interaction,
        "form": form,
        "people": [] if found.closed_at else [one for one in who_may_take(found) if one.pk != found.owner_id],
        "now": timezone.now(),
        "is_mine": found.owner_id == request.user.pk,
        "may_take": found.closed_at is None and found.owner_id != request.user.pk and sees_contact,
        "sees_customers": request.user.can(Ability.SEE_CUSTOMERS),
        "back": Link(label=_("Follow-ups"), url=reverse("feedback:follow-ups")),
    }
    return render(request, "feedback/surveys/follow_up.html", context, status=status)


def _tabs(which: str, counts: dict[str, int]) -> list[Link]:
    names = {
        "mine": _("Mine"),
        "unassigned": _("Unassigned"),
        "overdue": _("Overdue"),
        "open": _("All open"),
        "closed": _("Closed"),
    }
    base = reverse("feedback:follow-ups")
    return [
        Link(label=name, url=f"{base}?which={key}", is_current=key == which, count=counts.get(key))
        for key, name in names.items()
    ]


def _empty(which: str, counts: dict[str, int]) -> Empty:
    base = reverse("feedback:follow-ups")
    if which == "mine" and counts["unassigned"]:
        return Empty(
            sentence=_("You have nobody to look after. Some unhappy answers have no one yet."),
            icon="done",
            action=Link(label=_("Show the unassigned"), url=f"{base}?which=unassigned"),
        )
    sentences = {
        "mine": _("You have nobody to look after."),
        "unassigned": _("Every unhappy answer has somebody who looks after it."),
        "overdue": _("Nothing is overdue."),
        "open": _("No unhappy answer waits for anybody."),
        "closed": _("Nothing has been closed yet."),
    }
    return Empty(sentence=sentences[which], icon="done")
