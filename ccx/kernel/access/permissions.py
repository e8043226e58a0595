"""Scopes for REST framework."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ccx.kernel.access.callers import Caller, require_scopes
from ccx.kernel.access.selectors import scopes_of_person

if TYPE_CHECKING:  # REST framework reads this module while its views are being imported
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """The caller has the scopes that the view declares for the method.

    A view says `required_scopes = {"GET": (Scope.CONTACTS_READ,), ...}`; a method it says nothing about is closed.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Signed in, and with every scope needed. Raises MissingScopeError, which names those that are not there."""
        user: Any = request.user
        if not user or not user.is_authenticated:
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method == "OPTIONS" or not hasattr(view, method.lower()):
            return True  # harmless, or refused with 405 right after
        declared: Mapping[str, tuple[str, ...]] = getattr(view, "required_scopes", {})
        scopes = request.auth.scopes if isinstance(request.auth, Caller) else scopes_of_person(user)
        if method in declared:
            require_scopes(scopes, declared[method])
        return method in declared
