"""Signing in to a mail server by a token instead of a password (OAuth 2, XOAUTH2): Microsoft 365, Google, others.

A line keeps who it is to the provider (client id and secret) and a refresh token that a person's consent gave it, or
none, where the provider lets the application itself in (client credentials). An access token is kept, encrypted like
every secret, until shortly before it runs out.
"""

import secrets as random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.db import InterfaceError, OperationalError, connection

from ccx.kernel import egress
from ccx.kernel.events.effects import CredentialsRefusedError, RefusedEffectError, TemporaryEffectError
from interactions.channels.contract import Line
from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of, keep_credentials

# Before it runs out a token is renewed, so that it lasts for what is begun with it.
SPARE_SECONDS: Final = 120
WAIT_SECONDS: Final = 15.0
LOCKS: Final = 0x4F415554
MICROSOFT: Final = "https://login.microsoftonline.com"
SCOPES: Final[Mapping[str, str]] = {
    "microsoft": (
        "offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"
    ),
    "google": "https://mail.google.com/",
}
APPLICATION_SCOPE: Final = "https://outlook.office365.com/.default"
# What a provider answers when asking again will not help.
FOR_GOOD: Final = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "interaction_required", "consent_required"}
)


class ConsentIsNeededError(CredentialsRefusedError):
    """The provider lets the line in no longer: somebody has to give consent anew."""


def access_token(line: Line, *, refused: str = "") -> str:
    """A token that is good for the next minutes, and not the one that the mail server has just refused.

    Raises ConsentIsNeededError, or TemporaryEffectError where the provider cannot be reached.
    """
    with _alone(line.inbox_id):
        kept = _kept(line)
        token, ends_at = kept.get("oauth_access_token", ""), float(kept.get("oauth_ends_at") or 0)
        if token and token != refused and ends_at > time.time() + SPARE_SECONDS:
            return token
        told = _ask(line, _renewal(line, kept))
        return _keep(line, told)


def consent_address(line: Line, *, redirect: str, state: str) -> str:
    """Where a person gives consent; the provider sends them back to `redirect` with a code and the state."""
    told = _told(line)
    kind = told.get("provider")
    base = {
        "microsoft": f"{MICROSOFT}/{quote(str(told.get('tenant') or 'common'), safe='')}/oauth2/v2.0/authorize",
        "google": "https://accounts.google.com/o/oauth2/v2/auth",
    }.get(str(kind), str(told.get("authorize_url") or ""))
    asked = {
        "client_id": str(told.get("client_id") or ""),
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": _scope(told),
        "state": state,
        "login_hint": str((line.settings.get("imap") or {}).get("user") or line.address),
        # Google gives a refresh token only when it asks a person anew.
        **({"access_type": "offline", "prompt": "consent"} if kind == "google" else {}),
    }
    return f"{base}?{urlencode(asked)}"


def new_state() -> str:
    """What ties a consent to the browser that began it."""
    return random.token_urlsafe(32)


def take_consent(line: Line, *, code: str, redirect: str) -> None:
    """Trade the code of a consent for tokens, and keep them. Raises as `access_token` does."""
    _keep(line, _ask(line, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}))


def _told(line: Line) -> Mapping[str, Any]:
    told = line.settings.get("oauth")
    return told if isinstance(told, dict) else {}


def _scope(told: Mapping[str, Any]) -> str:
    return str(told.get("scope") or SCOPES.get(str(told.get("provider")), ""))


def _token_address(told: Mapping[str, Any]) -> str:
    if told.get("token_url"):
        return str(told["token_url"])
    if told.get("provider") == "google":
        return "https://oauth2.googleapis.com/token"
    return f"{MICROSOFT}/{quote(str(told.get('tenant') or 'common'), safe='')}/oauth2/v2.0/token"


def _renewal(line: Line, kept: Mapping[str, str]) -> dict[str, str]:
    told = _told(line)
    if refresh := kept.get("oauth_refresh_token"):
        return {"grant_type": "refresh_token", "refresh_token": refresh, "scope": _scope(told)}
    if told.get("provider") == "google":
        raise ConsentIsNeededError("nobody has given consent yet")
    return {"grant_type": "client_credentials", "scope": str(told.get("scope") or APPLICATION_SCOPE)}


def _ask(line: Line, asked: dict[str, str]) -> dict[str, Any]:
    """One question to the provider's token endpoint; its words never show a secret."""
    told = _told(line)
    who = {"client_id": str(told.get("client_id") or "")}
    if client_secret := line.secrets.get("oauth_client_secret"):
        who["client_secret"] = client_secret
    data = {name: value for name, value in {**who, **asked}.items() if value}
    try:
        answer = egress.ask("POST", _token_address(told), is_idempotent=True, data=data).json()
    except (RefusedEffectError, CredentialsRefusedError) as error:
        code = _code(error)
        if code in FOR_GOOD or isinstance(error, CredentialsRefusedError):
            raise ConsentIsNeededError(f"consent is needed anew: {code or error}"[:200]) from error
        raise TemporaryEffectError(f"no token: {code or error}"[:200]) from error
    except ValueError as error:
        raise TemporaryEffectError("no token: the answer cannot be read") from error
    if not isinstance(answer, dict) or not answer.get("access_token"):
        raise TemporaryEffectError("no token: the answer has none")
    return dict(answer)


def _code(error: Exception) -> str:
    try:
        told = error.response.json()  # type: ignore[attr-defined]
        return str(told["error"])[:60]
    except (AttributeError, ValueError, KeyError, TypeError):
        return ""


def _kept(line: Line) -> dict[str, str]:
    """As it is now: another process may have renewed it since the line was read."""
    inbox = Inbox.objects.filter(pk=line.inbox_id).only("credentials").first()
    return credentials_of(inbox) if inbox is not None else dict(line.secrets)


def _keep(line: Line, told: Mapping[str, Any]) -> str:
    token = str(told["access_token"])
    try:
        lasts = float(told.get("expires_in") or 0)
    except (TypeError, ValueError):
        lasts = 0.0
    kept = {"oauth_access_token": token, "oauth_ends_at": str(int(time.time() + min(max(lasts, 300.0), 86400.0)))}
    if told.get("refresh_token"):
        kept["oauth_refresh_token"] = str(told["refresh_token"])
    keep_credentials(inbox_id=line.inbox_id, credentials=kept, by=None)
    return token


@contextmanager
def _alone(inbox_id: int) -> Iterator[None]:
    """One renewal at a time: some providers take a refresh token once only. Others wait, but hold no row meanwhile."""
    gives_up_at = time.monotonic() + WAIT_SECONDS
    while not _lock("pg_try_advisory_lock", inbox_id):
        if time.monotonic() > gives_up_at:
            raise TemporaryEffectError("no token: another process asks for one and gets no answer")
        time.sleep(0.1)
    try:
        yield
    finally:
        # With the connection the lock is gone as well.
        with suppress(OperationalError, InterfaceError):
            _lock("pg_advisory_unlock", inbox_id)


def _lock(what: str, inbox_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {what}(%s, %s)", [LOCKS, inbox_id])
        return bool(cursor.fetchone()[0])
