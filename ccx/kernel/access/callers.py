"""Who is calling the API: a key's service user, or somebody signed in whose browser sends our CSRF token."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest
from rest_framework.authentication import CSRFCheck

from ccx.kernel.access.errors import CrossSiteRequestError, MissingScopeError, NotSignedInError, TooManyRequestsError
from ccx.kernel.access.models import ApiKey
from ccx.kernel.access.rates import Decision, api_rate, stranger_rate, take
from ccx.kernel.access.selectors import scopes_of_person, usable_key
from ccx.kernel.access.services import note_use
from ccx.kernel.people.address import client_address
from ccx.kernel.people.models import User

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who acts, with which scopes, through which key (None: a browser session)."""

    user: User
    scopes: frozenset[str]
    key: ApiKey | None = None

    def require(self, *scopes: str) -> None:
        """Raises MissingScopeError unless all are there."""
        require_scopes(self.scopes, scopes)


def require_scopes(given: Collection[str], needed: Iterable[str]) -> None:
    """Raises MissingScopeError unless all are there."""
    missing = sorted(scope for scope in needed if scope not in given)
    if missing:
        raise MissingScopeError(f"Needed: {', '.join(missing)}.")


def bearer_of(request: HttpRequest) -> str | None:
    """The token in the Authorization header; None if there is none of this kind."""
    scheme, _, token = str(request.META.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def caller_of(request: HttpRequest) -> Caller | None:
    """The caller, found once per request. Raises NotSignedInError for a key that opens nothing."""
    known = request.META.get("ccx.caller")
    if known is not None:
        return cast(Caller, known)
    token = bearer_of(request)
    caller = _person(request) if token is None else _machine(token)
    if caller is not None:
        request.META["ccx.caller"] = caller
        act_as(request, caller)
    return caller


def act_as(request: HttpRequest, caller: Caller) -> None:
    """From here on the request is this caller's, for the audit log too."""
    request.user = caller.user
    if caller.key is not None:
        request.api_key_id = caller.key.pk  # type: ignore[attr-defined]


def _machine(token: str) -> Caller:
    key = usable_key(token)
    if key is None:
        raise NotSignedInError("The API key is not known, is revoked or has expired.")
    note_use(key=key)
    return Caller(user=key.user, scopes=frozenset(key.scopes), key=key)


def _person(request: HttpRequest) -> Caller | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    if request.method not in SAFE_METHODS:
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]
        check.process_request(request)
        if check.process_view(request, None, (), {}):  # type: ignore[arg-type]
            raise CrossSiteRequestError
    return Caller(user=user, scopes=scopes_of_person(user))


def admit(request: HttpRequest) -> Decision:
    """Count this request; raises TooManyRequestsError, and NotSignedInError for a key that opens nothing."""
    known = request.META.get("ccx.rate")
    if known is not None:
        return cast(Decision, known)
    try:
        caller = caller_of(request)
    except NotSignedInError:
        count(request, take(bucket=client_address(request) or "unknown", rate=stranger_rate()))
        raise
    if caller is None:
        bucket, rate = client_address(request) or "unknown", stranger_rate()
    else:
        bucket, rate = (f"key:{caller.key.pk}" if caller.key else f"user:{caller.user.pk}"), api_rate()
    return count(request, take(bucket=bucket, rate=rate))


def count(request: HttpRequest, decision: Decision) -> Decision:
    """Keep the decision for the headers of the answer; raises TooManyRequestsError if it is a no."""
    request.META["ccx.rate"] = decision
    if not decision.is_allowed:
        raise TooManyRequestsError(retry_after=decision.retry_after)
    return decision
