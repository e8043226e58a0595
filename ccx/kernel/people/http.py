"""Requests of people who are signed in, and the gate by ability."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request whose user is known."""

    user: User


def needs(
    ability: Ability,
) -> Callable[
    [Callable[Concatenate[StaffRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Lets in who may do this; strangers are sent to sign in, others find nothing here (404)."""

    def gate(
        view: Callable[Concatenate[StaffRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @login_required
        @wraps(view)
        def gated(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.can(ability):
                raise Http404
            return view(request, *args, **kwargs)

        return gated  # type: ignore[return-value]

    return gate
