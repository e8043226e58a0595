"""The style page: every component in every state, for people who build or judge pages."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from ccx.kernel.look.icons import ICONS
from ccx.kernel.look.samples import everything
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.models import User


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show it while developing, and to administrators; to others it does not exist."""
    user = getattr(request, "user", None)
    is_administrator = isinstance(user, User) and user.can(Ability.CONFIGURE)
    if not (settings.DEBUG or is_administrator):
        raise Http404
    return render(request, "kernel/styleguide.html", everything() | {"icons": sorted(ICONS)})
