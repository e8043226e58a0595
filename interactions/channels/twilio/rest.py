"""Twilio's REST interface, or that of whoever speaks its language."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import SplitResult, quote, urlsplit

import httpx

from ccx.kernel import egress
from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    RefusedEffectError,
    TemporaryEffectError,
)
from interactions.channels.contract import Line

USUAL_BASE: Final = "https://api.twilio.com"
VERSION: Final = "2010-04-01"
SECONDS: Final = 10.0
SECONDS_OF_FILE: Final = 60.0
# Where the provider's own addresses of files lead on to; whoever has such an address may fetch, and says not who it is.
STORES: Final = ("twiliocdn.com", "s3-external-1.amazonaws.com")
MOST_PAGES: Final = 50
LEADS_ON: Final = frozenset({301, 302, 303, 307, 308})
# The account or its number is at fault, not this message.
NOT_LET_IN: Final = frozenset({20003, 20005, 20006, 20008, 21606, 21659, 21660, 30002, 63007})
TOO_FAST: Final = frozenset({14107, 20429, 21611, 30001})


def post(line: Line, path: str, fields: Sequence[tuple[str, str]], *, is_idempotent: bool = False) -> Mapping[str, Any]:
    """Have something done. Raises as an adapter's `send` does, in the provider's words."""
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    with understood():
        return _read(
            egress.ask(
                "POST", address(line, path), is_idempotent=is_idempotent, timeout=SECONDS, data=data, auth=_who(line)
            )
        )


def get(line: Line, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Ask how something stands."""
    with understood():
        return _read(
            egress.ask(
                "GET",
                address(line, path),
                is_idempotent=True,
                timeout=SECONDS,
                params=dict(query) if query else None,
                auth=_who(line),
            )
        )


def find(line: Line, path: str) -> Mapping[str, Any] | None:
    """Something by its id; None: there is no such thing."""
    with understood():
        try:
            return _read(egress.ask("GET", address(line, path), is_idempotent=True, timeout=SECONDS, auth=_who(line)))
        except RefusedEffectError as error:
            if getattr(getattr(error, "response", None), "status_code", None) == 404:
                return None
            raise


def every(line: Line, path: str, name: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The rows of a list, page after page."""
    told = get(line, path, query)
    for _page in range(MOST_PAGES):
        yield from (one for one in told.get(name) or () if isinstance(one, dict))
        following = told.get("next_page_uri")
        if not isinstance(following, str) or not following.startswith(f"/{VERSION}/"):
            return
        with understood():
            told = _read(
                egress.ask("GET", base_of(line) + following, is_idempotent=True, timeout=SECONDS, auth=_who(line))
            )


def fetch(line: Line, url: str, *, max_bytes: int) -> httpx.Response:
    """A file by its address at the provider. Where that leads on to a store of its, nobody is told who we are."""
    ours = urlsplit(base_of(line))
    if _split(url)[:2] != (ours.scheme, ours.netloc):
        raise RefusedEffectError("the file is not on a host of the provider")
    with egress.client(timeout=SECONDS_OF_FILE, max_bytes=max_bytes) as opened, egress.judged(is_idempotent=True):
        answer = opened.get(url, auth=_who(line))
        if answer.status_code in LEADS_ON:
            answer = opened.get(_store(answer.headers.get("location", ""), ours.netloc))
        return egress.judge(answer, is_idempotent=True)


def address(line: Line, path: str) -> str:
    """A path below the account; "" is the account itself."""
    account = str(line.settings.get("account_sid", ""))
    if not account:
        raise CredentialsRefusedError("the line has no account")
    below = f"/{quote(path, safe='/.')}" if path else ".json"
    return f"{base_of(line)}/{VERSION}/Accounts/{quote(account, safe='')}{below}"


def base_of(line: Line) -> str:
    """Where the provider is."""
    return str(line.settings.get("api_base") or USUAL_BASE).rstrip("/")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise RefusedEffectError("the file has no address") from error


def _store(url: str, own: str) -> str:
    told = _split(url)
    host = told.hostname or ""
    is_store = told.scheme == "https" and any(host == one or host.endswith(f".{one}") for one in STORES)
    if told.username or not (is_store or told.netloc == own):
        raise RefusedEffectError("the file is not on a host of the provider")
    return url


def _who(line: Line) -> tuple[str, str]:
    return str(line.settings.get("account_sid", "")), line.secrets.get("auth_token", "")


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@contextmanager
def understood() -> Iterator[None]:
    """Turn an error of the call into the one that Twilio's own code means, in Twilio's own words."""
    try:
        yield
    except (RefusedEffectError, TemporaryEffectError, OutcomeIsUnknownError) as error:
        response = getattr(error, "response", None)
        told = _read(response) if response is not None else {}
        if response is None or "message" not in told:
            raise
        words, code = f"{str(told['message'])[:200]} ({told.get('code')})", told.get("code")
        if response.status_code < 500 and code in TOO_FAST:
            raise TemporaryEffectError(words, retry_after=getattr(error, "retry_after", None)) from error
        if response.status_code < 500 and code in NOT_LET_IN:
            raise CredentialsRefusedError(words) from error
        if isinstance(error, TemporaryEffectError):
            raise type(error)(words, retry_after=error.retry_after) from error
        raise type(error)(words) from error
