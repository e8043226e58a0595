"""Which touchpoint each reason belongs to: the whole tree, one reason, or many at once."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest
from journeys.ownership.forms import PlaceForm
from journeys.ownership.selectors import editable_reasons, reason_rows, reason_with_unmapped_below, row_of
from journeys.ownership.services.mapping import map_reasons, name_job
from journeys.ownership.views.framing import for_keepers, framed

PAGE_SIZE = 100
NOT_ON_THE_MAP = "none"


@for_keepers
@require_GET
def reasons(request: StaffRequest) -> HttpResponse:
    """The tree of reasons, searched or only what has no place yet."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:120]
    only_unmapped = request.GET.get("show") == "unmapped"
    rows = reason_rows(request.user, words=words, only_unmapped=only_unmapped)
    pages = Paginator(rows, PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = framed(
        request,
        "reasons",
        rows=page.object_list,
        page=page,
        kept=query.urlencode(),
        words=words,
        only_unmapped=only_unmapped,
        unmapped=sum(1 for row in rows if row.place is None),
        form=PlaceForm(viewer=request.user),
        may_configure=request.user.can(Ability.CONFIGURE),
        here=request.get_full_path(),
    )
    return render(request, "journeys/ownership/reasons.html", context)


@for_keepers
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def reason(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One reason: its place and job; for htmx a line of the table, in words or to be changed."""
    is_fragment = request.headers.get("HX-Request") == "true"
    row = row_of(get_object_or_404(editable_reasons(request.user).select_related("parent"), public_id=public_id))
    place = row.place
    below = len(reason_with_unmapped_below(row.reason)) - 1 if request.user.can(Ability.CONFIGURE) else 0
    form = PlaceForm(
        request.POST or None,
        viewer=request.user,
        job=place.job if place else None,
        below=below,
        # Its own names: it stands inside the form of the whole table.
        prefix=f"r{public_id.hex}",
        initial={
            "touchpoint": place.touchpoint.public_id if place else None,
            "job": place.job.public_id if place and place.job else None,
        },
    )
    if request.method == "POST" and form.is_valid():
        wanted = reason_with_unmapped_below(row.reason) if form.cleaned_data.get("with_below") else [row.reason.pk]
        try:
            with transaction.atomic():
                map_reasons(reason_ids=wanted, touchpoint=form.cleaned_data["touchpoint"], by=request.user)
                name_job(reason_ids=[row.reason.pk], job=form.cleaned_data["job"], by=request.user)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            if is_fragment and len(wanted) == 1:
                return render(request, "journeys/ownership/_reason_place.html", {"row": row_of(row.reason)})
            answer = redirect(_back(request))
            if is_fragment:
                answer = HttpResponse(status=204, headers={"HX-Refresh": "true"})  # type: ignore[assignment]
            return answer
    if is_fragment:
        if request.GET.get("as") == "words":
            return render(request, "journeys/ownership/_reason_place.html", {"row": row})
        return render(request, "journeys/ownership/_reason_form.html", {"row": row, "form": form})
    context = framed(request, "reasons", row=row, form=form, back_url=_back(request))
    return render(request, "journeys/ownership/reason.html", context)


@for_keepers
@require_POST
def place_reasons(request: StaffRequest) -> HttpResponse:
    """Put all ticked reasons on one touchpoint."""
    ticked = request.POST.getlist("reason")[: 10 * PAGE_SIZE]
    try:
        wanted = [UUID(text) for text in ticked]
    except ValueError:
        wanted = []
    found = list(editable_reasons(request.user).filter(public_id__in=wanted).values_list("pk", flat=True))
    form = PlaceForm(request.POST, viewer=request.user)
    if not found:
        messages.error(request, _("Tick the reasons first."))
    elif not form.is_valid() or not (form.cleaned_data["touchpoint"] or "unmap" in request.POST):
        messages.error(request, _("Choose the touchpoint they belong to."))
    else:
        touchpoint = None if "unmap" in request.POST else form.cleaned_data["touchpoint"]
        try:
            count = map_reasons(reason_ids=found, touchpoint=touchpoint, by=request.user)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            told = ngettext("%(n)s reason has its place.", "%(n)s reasons have their place.", count)
            messages.success(request, told % {"n": count})
    return redirect(_back(request))


def _back(request: StaffRequest) -> str:
    """Where the person came from on the map; anything else leads to its first page."""
    asked = request.POST.get("back", "") or request.GET.get("back", "")
    start = reverse("map:reasons")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith(start)
    return asked if is_ours else start
