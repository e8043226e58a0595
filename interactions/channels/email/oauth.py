"""Signing in to a mail server by a token instead of a password (OAuth 2, XOAUTH2): Microsoft 365, Google, others.

A line keeps who it is to the provider (client id and secret) and a refresh token that a person's consent gave it, or
none, where the provider lets the application itself in (client credentials). An access token is kept, encrypted like
every secret, until shortly before it runs out.
"""

import base64
import hashlib
import json
import secrets as random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from django.utils.translation import gettext as _

from ccx.kernel import egress
from ccx.kernel.events.effects import CredentialsRefusedError, RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.locks import holding_one_of
from ccx.kernel.mail import CONTROL
from ccx.kernel.models import User
from interactions.channels.contract import Line
from interactions.channels.errors import ConsentIsNotGivenError
from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of, keep_consent, keep_credentials

# Before it runs out a token is renewed, so that it lasts for what is begun with it.
SPARE_SECONDS: Final = 120
WAIT_SECONDS: Final = 15.0
MICROSOFT: Final = "https://login.microsoftonline.com"
SCOPES: Final[Mapping[str, str]] = {
    "microsoft": (
        "offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"
    ),
    "google": "https://mail.google.com/",
}
# Asked for with a consent only, so that it says who gave it.
WHO_SCOPE: Final = "openid email profile"
# Who has several accounts chooses one. Google gives a refresh token only when it asks a person anew.
EXTRAS: Final[Mapping[str, Mapping[str, str]]] = {
    "microsoft": {"response_mode": "query", "prompt": "select_account"},
    "google": {"access_type": "offline", "prompt": "consent select_account"},
}
APPLICATION_SCOPE: Final = "https://outlook.office365.com/.default"
# What a provider answers when asking again will not help.
FOR_GOOD: Final = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "interaction_required", "consent_required"}
)


class ConsentIsNeededError(CredentialsRefusedError):
    """The provider lets the line in no longer: somebody has to do something. `code` is the provider's word for it."""

    def __init__(self, told: str, *, code: str = "") -> None:
        super().__init__(told)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A consent that is asked for. Its answer bears `state`; `verifier` and `nonce` show that it is ours (PKCE)."""

    address: str
    state: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


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


def ask_consent(line: Line, *, redirect: str) -> Asking:
    """Where a person gives consent; the provider sends them back to `redirect` with a code and the state.

    Raises ConsentIsNotGivenError where the line does not say enough.
    """
    told = _told(line)
    kind = str(told.get("provider") or "")
    address = _consent_address(told)
    if not told.get("client_id"):
        raise ConsentIsNotGivenError(_("Enter the client ID of your application at the provider, and save."))
    if kind == "google" and not line.secrets.get("oauth_client_secret"):
        raise ConsentIsNotGivenError(_("Enter the client secret of your application at the provider, and save."))
    if not {urlsplit(address).scheme, urlsplit(_token_address(told)).scheme} <= {"https", "http"}:
        raise ConsentIsNotGivenError(_("Enter the provider's addresses of consent and of tokens, and save."))
    verifier = random.token_urlsafe(48)
    asking = Asking(address=address, state=random.token_urlsafe(32), verifier=verifier, nonce=random.token_urlsafe(24))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": str(told["client_id"]),
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": f"{WHO_SCOPE} {_scope(told)}" if kind in SCOPES else _scope(told),
        "state": asking.state,
        "nonce": asking.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": str((line.settings.get("imap") or {}).get("user") or line.address),
        **EXTRAS.get(kind, {}),
    }
    joint = "&" if urlsplit(address).query else "?"
    query = urlencode({name: value for name, value in asked.items() if value})
    return Asking(address=f"{address}{joint}{query}", state=asking.state, verifier=verifier, nonce=asking.nonce)


def take_consent(line: Line, *, code: str, redirect: str, asking: Asking, by: User) -> str:
    """Trade the code of a consent for tokens and keep them; whose consent it is, where the provider says so.

    Raises ConsentIsNotGivenError, and then all is as it was.
    """
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
    try:
        with _alone(line.inbox_id):
            told = _ask(line, given | {"code_verifier": asking.verifier})
            if not told.get("refresh_token"):
                raise ConsentIsNotGivenError(
                    _(
                        "The provider gave no refresh token, without which the line would be shut within the hour. Look"
                        " whether the application may have offline access; at Google take its access back and connect"
                        " again."
                    )
                )
            account = _account(line, told, asking.nonce)
            keep_consent(inbox_id=line.inbox_id, credentials=_tokens(told), account=account, by=by)
    except TemporaryEffectError as error:
        raise ConsentIsNotGivenError(_not_traded(error)) from error
    return account


def why_not_given(code: str, told: str) -> str:
    """In a sentence what a provider means that sends somebody back without a code."""
    if code == "access_denied":
        return _("Consent was declined at the provider. Nothing has changed.")
    if code in {"server_error", "temporarily_unavailable"}:
        return _("The provider has trouble of its own. Nothing has changed; try again in a while.")
    words = " ".join(CONTROL.sub(" ", told).split())[:200] or CONTROL.sub(" ", code)[:60]
    return _("The provider gave no consent: %(words)s") % {"words": words}


def _not_traded(error: TemporaryEffectError) -> str:
    code = getattr(error, "code", "") or _code(error.__cause__)
    if code == "invalid_grant":
        return _("The provider did not take its own code: it was too old, or used already. Connect again.")
    if code == "invalid_client":
        return _("The provider does not take the client ID and secret. Look whether they are whole, and not run out.")
    if code == "redirect_uri_mismatch":
        return _("The provider knows another redirect address. Copy the one below into its console.")
    if code:
        return _("The provider gave no token: %(code)s. Nothing has changed.") % {"code": code}
    why = str(error.__cause__ or error)[:120]
    return _("No token came from the provider (%(why)s). Nothing has changed; connect again.") % {"why": why}


def _account(line: Line, told: Mapping[str, Any], nonce: str) -> str:
    """Whose consent it is, as the ID token says; empty without one.

    It came straight from the provider over TLS, so its signature says nothing more (OpenID Connect Core, 3.1.3.7).
    """
    token = told.get("id_token")
    if not token:
        return ""
    try:
        part = str(token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise ConsentIsNotGivenError(_("The provider's answer cannot be read. Nothing has changed.")) from error
    if _told(line).get("client_id") not in audience or claims.get("nonce") != nonce:
        raise ConsentIsNotGivenError(_("The provider's answer belongs to another question. Connect again."))
    who = claims.get("email") or claims.get("preferred_username") or ""
    return CONTROL.sub("", who)[:254] if isinstance(who, str) else ""


def _told(line: Line) -> Mapping[str, Any]:
    told = line.settings.get("oauth")
    return told if isinstance(told, dict) else {}


def _scope(told: Mapping[str, Any]) -> str:
    return str(told.get("scope") or SCOPES.get(str(told.get("provider")), ""))


def _consent_address(told: Mapping[str, Any]) -> str:
    if told.get("provider") == "google":
        return "https://accounts.google.com/o/oauth2/v2/auth"
    if told.get("provider") == "microsoft":
        return f"{MICROSOFT}/{quote(str(told.get('tenant') or 'common'), safe='')}/oauth2/v2.0/authorize"
    return str(told.get("authorize_url") or "")


def _token_address(told: Mapping[str, Any]) -> str:
    if told.get("provider") == "google":
        return "https://oauth2.googleapis.com/token"
    if told.get("provider") != "microsoft":
        return str(told.get("token_url") or "")
    return f"{MICROSOFT}/{quote(str(told.get('tenant') or 'common'), safe='')}/oauth2/v2.0/token"


def _renewal(line: Line, kept: Mapping[str, str]) -> dict[str, str]:
    told = _told(line)
    if refresh := kept.get("oauth_refresh_token"):
        return {"grant_type": "refresh_token", "refresh_token": refresh, "scope": _scope(told)}
    if told.get("provider") == "google":
        raise ConsentIsNeededError(_("Nobody has given consent yet: connect the line."))
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
            raise ConsentIsNeededError(_why(code), code=code) from error
        raise TemporaryEffectError(f"no token: {code or error}"[:200]) from error
    except ValueError as error:
        raise TemporaryEffectError("no token: the answer cannot be read") from error
    if not isinstance(answer, dict) or not answer.get("access_token"):
        raise TemporaryEffectError("no token: the answer has none")
    return dict(answer)


def _why(code: str) -> str:
    if code == "invalid_client":
        return _("The provider does not take the client ID and secret. A secret runs out: enter a new one.")
    if code == "unauthorized_client":
        return _("The provider says that the application may not do this: look at its permissions there.")
    return _("The provider takes our consent no longer: connect the line again. (%(code)s)") % {"code": code or "401"}


def _code(error: BaseException | None) -> str:
    try:
        told = error.response.json()  # type: ignore[union-attr]
        return str(told["error"])[:60]
    except (AttributeError, ValueError, KeyError, TypeError):
        return ""


def _kept(line: Line) -> dict[str, str]:
    """As it is now: another process may have renewed it since the line was read."""
    inbox = Inbox.objects.filter(pk=line.inbox_id).only("credentials").first()
    return credentials_of(inbox) if inbox is not None else dict(line.secrets)


def _keep(line: Line, told: Mapping[str, Any]) -> str:
    kept = _tokens(told)
    keep_credentials(inbox_id=line.inbox_id, credentials=kept, by=None)
    return kept["oauth_access_token"]


def _tokens(told: Mapping[str, Any]) -> dict[str, str]:
    try:
        lasts = float(told.get("expires_in") or 0)
    except (TypeError, ValueError):
        lasts = 0.0
    ends_at = str(int(time.time() + min(max(lasts, 300.0), 86400.0)))
    kept = {"oauth_access_token": str(told["access_token"]), "oauth_ends_at": ends_at}
    if told.get("refresh_token"):
        kept["oauth_refresh_token"] = str(told["refresh_token"])
    return kept


@contextmanager
def _alone(inbox_id: int) -> Iterator[None]:
    """One renewal at a time: some providers take a refresh token once only. Others wait, but hold no row meanwhile."""
    gives_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        with holding_one_of([f"consent:{inbox_id}"]) as is_ours:
            if is_ours:
                yield
                return
        if time.monotonic() > gives_up_at:
            raise TemporaryEffectError("no token: another process asks for one and gets no answer")
        time.sleep(0.1)
