"""What handling costs, from which day on."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from journeys.ownership.errors import RateChangesThePastError
from journeys.ownership.forms import RateForm
from journeys.ownership.selectors import rates_in_order
from journeys.ownership.services.rates import remove_cost_rate, set_cost_rate
from journeys.ownership.views.framing import framed


@needs(Ability.CONFIGURE)
@require_http_methods(["GET", "POST"])
def costs(request: StaffRequest) -> HttpResponse:
    """The rates there are, and a new one from a day on."""
    form = RateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            set_cost_rate(
                channel=given["channel"],
                from_day=given["from_day"],
                amounts=(given["per_hour"], given["per_contact"]),
                is_past_meant=given["is_past_meant"],
                by=request.user,
            )
        except RateChangesThePastError as error:
            form.add_error("is_past_meant", str(error))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved. Contacts since that day are counted with it, within minutes."))
            return redirect("map:costs")
    context = framed(
        request,
        "costs",
        rates=rates_in_order(request.user),
        now=timezone.now(),
        form=form,
        currency=settings.CCX_CURRENCY,
    )
    return render(request, "journeys/ownership/costs.html", context)


@needs(Ability.CONFIGURE)
@require_POST
def drop_rate(request: StaffRequest, rate_id: int) -> HttpResponse:
    """Take a rate away; one that has begun only with the word that contacts are to be counted anew."""
    try:
        remove_cost_rate(rate_id=rate_id, is_past_meant=request.POST.get("is_past_meant") == "1", by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The rate is gone. What held before it goes on."))
    return redirect("map:costs")
