"""What every page owes the person in front of it: their own clock, and a whole page to sign in on."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from ccx.kernel.people.models import User


class TimeZoneMiddleware:
    """Hours are written and read in the zone of whoever is signed in; for everybody else in the centre's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Only a browser that has a session is asked who it is: public pages stay free of both.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, User):
            return self.get_response(request)
        with timezone.override(request.user.zone):
            return self.get_response(request)


class SignInMiddleware:
    """A lost session leads to the sign-in page whole, never into a part of a page, and back to the page one was on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        is_part = request.headers.get("HX-Request") == "true"
        there = urlsplit(response.get("Location", ""))
        # With "next" somebody was turned away; without it the page leads there by itself.
        if response.status_code != 302 or there.path != sign_in or not there.query:
            return response
        if not is_part and request.method == "GET":
            return response
        came_from = request.headers.get("HX-Current-URL" if is_part else "Referer", "")
        if not url_has_allowed_host_and_scheme(came_from, request.get_host(), request.is_secure()):
            came_from = settings.LOGIN_REDIRECT_URL
        page = urlsplit(resolve_url(came_from))
        back = redirect_to_login(f"{page.path}?{page.query}" if page.query else page.path, sign_in)
        if not is_part:
            return back
        # htmx follows a redirect unseen and would put what it finds into the part.
        return HttpResponse(status=401, headers={"HX-Redirect": back["Location"]})
