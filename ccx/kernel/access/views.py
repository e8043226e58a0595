"""The administrators' page of API keys. A new key's token is shown once, in the answer that made it."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ccx.kernel.access.forms import IssueKeyForm
from ccx.kernel.access.models import ApiKey
from ccx.kernel.access.services import IssuedKey, issue_key, revoke_key
from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.models import User
from ccx.kernel.people.services.service_users import add_service_user


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def api_keys(request: HttpRequest) -> HttpResponse:
    """All keys, and the form that issues one."""
    user = _administrator(request)
    issued: IssuedKey | None = None
    form = IssueKeyForm(request.POST if request.method == "POST" else None, by=user)
    if request.method == "POST" and form.is_valid():
        try:
            issued = _issue(form, by=user)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            form = IssueKeyForm(None, by=user)
    keys = ApiKey.objects.visible_to(user).select_related("user").order_by("-created_at", "-pk")
    context = {"form": form, "keys": keys, "issued": issued, "now": timezone.now()}
    return render(request, "kernel/access/api_keys.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def revoke_api_key(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End one key."""
    user = _administrator(request)
    key = ApiKey.objects.visible_to(user).filter(public_id=public_id).first()
    if key is None:
        raise Http404
    try:
        revoke_key(key_id=key.pk, by=user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The key is revoked. Nothing can use it any more."))
    return redirect("api-keys")


@transaction.atomic
def _issue(form: IssueKeyForm, *, by: User) -> IssuedKey:
    arguments = form.issue_arguments()
    if form.cleaned_data["new_user"]:
        arguments["user"] = add_service_user(
            name=form.cleaned_data["new_user"], sees_everything=form.cleaned_data["sees_everything"], by=by
        )
    return issue_key(by=by, **arguments)


def _administrator(request: HttpRequest) -> User:
    user = cast(User, request.user)
    if not user.can(Ability.CONFIGURE):
        raise Http404
    return user
