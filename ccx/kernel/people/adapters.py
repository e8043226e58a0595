"""How django-allauth behaves here: nobody signs up, links come from settings, every sign-in leaves a trace."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from axes.utils import reset as unlock
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.http import url_has_allowed_host_and_scheme

from ccx.kernel.audit.services import record_refusal, record_sign_in
from ccx.kernel.people.address import client_address
from ccx.kernel.people.choices import UserKind
from ccx.kernel.people.models import User

DEVICE_COOKIE = "ccx_device"
DEVICE_SALT = "ccx.known-device"
DEVICE_SECONDS = 180 * 24 * 3600
UNSAID = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators make accounts; nobody makes their own."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only addresses of this site, written without a host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "unknown"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from the configured address: the Host header is the caller's to choose."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.BASE_URL.rstrip("/") + path.replace("UID-KEY", quote(key))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """A service user's mailbox hears what an unknown address hears."""
        if user.kind == UserKind.PERSON:
            super().send_password_reset_mail(user, email, context)
        else:
            self.send_mail("account/email/unknown_account", email, {})

    def format_email_subject(self, subject: str) -> str:
        return force_str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail names the configured site, never the host that was asked for."""
        site = SimpleNamespace(name="CCX", domain=urlsplit(settings.BASE_URL).netloc)
        named = {"email": email, "site_url": settings.BASE_URL} | context | {"current_site": site}
        self.render_mail(template_prefix, email, named).send()

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Coming and going needs no message."""
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *args, **kwargs)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """A flood of guesses on one e-mail must not keep its owner out of a device that is known."""
        if not self._is_known_device(request, str(credentials.get("email", ""))):
            super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        record_refusal(request=request, email=str(credentials.get("email", "")))

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        record_sign_in(request=request, user=user)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        response.set_cookie(
            DEVICE_COOKIE,
            signing.dumps(user.email.lower(), salt=DEVICE_SALT),
            max_age=DEVICE_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response

    def set_password(self, user: User, password: str) -> None:
        """A new password ends every session of the old one and takes away its locks."""
        super().set_password(user, password)
        unlock(username=user.email.lower())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("people:me")

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    @staticmethod
    def _is_known_device(request: HttpRequest, email: str) -> bool:
        try:
            known = signing.loads(request.COOKIES.get(DEVICE_COOKIE, ""), salt=DEVICE_SALT, max_age=DEVICE_SECONDS)
        except signing.BadSignature:
            return False
        return bool(email) and known == email.strip().lower()
