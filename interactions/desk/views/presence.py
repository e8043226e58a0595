"""How somebody is there: the control at the foot of the rail."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.desk.forms import PresenceForm
from interactions.desk.selectors.presence import presence
from interactions.handling.services import set_presence


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.HANDLE_CONTACTS)
def own_presence(request: StaffRequest) -> HttpResponse:
    """Show one's state, or say another."""
    form = PresenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        state, reason = form.cleaned_data["choice"]
        set_presence(agent=request.user, state=state, reason_code=reason, by=request.user)
    if request.method == "POST" and request.headers.get("HX-Request") != "true":
        return redirect("desk:home")
    answer = render(request, "interactions/desk/_presence.html", {"presence": presence(request.user)})
    if request.method == "POST":
        answer["HX-Trigger"] = '{"ccx:contact": {}}'
    return answer
