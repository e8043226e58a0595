"""The live page of those who supervise: the queues and the people, as they are now."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ccx.kernel.live.topics import DESK
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.desk.selectors.floor import floor


@require_safe
@needs(Ability.SUPERVISE)
def show_floor(request: StaffRequest) -> HttpResponse:
    """The whole page."""
    return render(request, "interactions/desk/floor.html", _context(request))


@require_safe
@needs(Ability.SUPERVISE)
def floor_fragment(request: StaffRequest) -> HttpResponse:
    """What moves on it."""
    return render(request, "interactions/desk/_floor.html", _context(request))


def _context(request: StaffRequest) -> dict[str, Any]:
    team, away = request.GET.get("team", ""), request.GET.get("away", "")
    return {
        "floor": floor(user=request.user, team=team, with_away=away == "1"),
        "with_away": away == "1",
        "floor_topic": DESK,
        "query": request.GET.urlencode(),
    }
