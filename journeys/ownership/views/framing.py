"""What the map's pages have in common: who finds them, and the tabs between them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from ccx.kernel.look.parts import Link
from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest
from journeys.ownership.choices import PartKind
from journeys.ownership.selectors import may_keep_map

P = ParamSpec("P")


def for_keepers(
    view: Callable[Concatenate[StaffRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Lets in who configures or owns; strangers are sent to sign in, others find nothing here."""

    @login_required
    @wraps(view)
    def gated(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not may_keep_map(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return gated  # type: ignore[return-value]


def tabs(user: User, current: str) -> list[Link]:
    """The map's pages that the person may open."""
    places: dict[str, tuple[str, str, list[str]]] = {
        "reasons": (_("Reasons"), "map:reasons", []),
        "touchpoints": (_("Touchpoints"), "map:touchpoints", []),
    }
    if user.can(Ability.CONFIGURE):
        names = {PartKind.DEPARTMENT: _("Departments"), PartKind.JOURNEY: _("Journeys"), PartKind.JOB: _("Jobs")}
        places |= {kind.value: (name, "map:parts", [kind.value]) for kind, name in names.items()}
        places["costs"] = (_("Costs"), "map:costs", [])
    return [
        Link(label=name, url=reverse(url, args=args), is_current=key == current)
        for key, (name, url, args) in places.items()
    ]


def framed(request: StaffRequest, current: str, **context: Any) -> dict[str, Any]:
    """The context of a page of the map."""
    return {"tabs": tabs(request.user, current), "actions": [], "back": None, "subtitle": "", **context}
