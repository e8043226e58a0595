"""Pages a person has for themselves: home, the first password, own settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from ccx.kernel.people.context import navigation
from ccx.kernel.people.errors import InviteIsNotValidError
from ccx.kernel.people.forms import FirstPasswordForm, ProfileForm
from ccx.kernel.people.http import StaffRequest
from ccx.kernel.people.selectors import open_invite
from ccx.kernel.people.services.accounts import change_own_profile
from ccx.kernel.people.services.invites import accept_invite, hash_secret


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The first place on the rail that this person may use; their own settings if there is none."""
    places = navigation(request)["nav_items"]
    return redirect(places[0]["url"] if places else "people:me")


@never_cache
@sensitive_post_parameters("password1", "password2")
@sensitive_variables("secret")
@require_http_methods(["GET", "POST"])
def first_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a password with an invitation. Any link that is not a good one is a page that does not exist."""
    invite = open_invite(hash_secret(secret))
    if invite is None:
        raise Http404
    form = FirstPasswordForm(request.POST or None, user=invite.user)
    if request.method == "POST" and form.is_valid():
        try:
            accept_invite(secret=secret, password=form.cleaned_data["password1"])
        except InviteIsNotValidError as error:
            raise Http404 from error
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("account_login")
    return render(request, "account/first_password.html", {"form": form})


@login_required
@require_http_methods(["GET", "POST"])
def me(request: StaffRequest) -> HttpResponse:
    """One's own name, language and time zone."""
    user = request.user
    form = ProfileForm(
        request.POST or None, initial={"name": user.name, "language": user.language, "time_zone": user.time_zone}
    )
    if request.method == "POST" and form.is_valid():
        change_own_profile(by=user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("people:me")
    return render(request, "kernel/people/me.html", {"form": form})


def not_here(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """Pages of the sign-in library that this product does not have: nobody signs up or changes e-mail alone."""
    raise Http404
