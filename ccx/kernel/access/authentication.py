"""API keys for REST framework."""

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ccx.kernel.access.callers import Caller, bearer_of, caller_of
from ccx.kernel.access.errors import NotSignedInError
from ccx.kernel.people.models import User


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ccx_<prefix>_<secret>`; `request.auth` is the Caller."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        """The service user of the key; None lets the session speak."""
        if bearer_of(request._request) is None:
            return None
        try:
            caller = caller_of(request._request)
        except NotSignedInError as error:
            raise exceptions.AuthenticationFailed(str(error)) from None
        if caller is None:
            raise exceptions.AuthenticationFailed(_("The API key is not valid."))
        return caller.user, caller

    def authenticate_header(self, request: Request) -> str:
        """A 401 tells which way in there is."""
        return 'Bearer realm="api"'
