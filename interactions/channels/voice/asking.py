"""REST calls of a telephone line: who we are, where, and what an answer means."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx

from ccx.kernel import egress
from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from interactions.channels.contract import Line

USUAL_BASE: Final = "https://api.twilio.com"
VERSION: Final = "2010-04-01"
SECONDS: Final = 8.0


def post(line: Line, path: str, fields: Sequence[tuple[str, str]], *, is_idempotent: bool = False) -> Mapping[str, Any]:
    """Ask for something to be done. Raises TemporaryEffectError or RefusedEffectError, anything else: nobody knows."""
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    answer = egress.ask(
        "POST", _address(line, path), is_idempotent=is_idempotent, timeout=SECONDS, data=data, auth=_who(line)
    )
    return _read(answer)


def get(
    line: Line, path: str, *, query: Mapping[str, str] | None = None, of_account: bool = False
) -> Mapping[str, Any] | None:
    """Ask how something stands; None: there is no such thing."""
    address = _address(line, path, of_account=of_account)
    try:
        answer = egress.ask(
            "GET", address, is_idempotent=True, timeout=SECONDS, params=dict(query or {}), auth=_who(line)
        )
    except RefusedEffectError as error:
        if getattr(getattr(error, "response", None), "status_code", None) == 404:
            return None
        raise
    return _read(answer)


def fetch(line: Line, path: str, *, max_bytes: int) -> bytes:
    """A file of the account."""
    answer = egress.ask(
        "GET", _address(line, path), is_idempotent=True, timeout=60.0, max_bytes=max_bytes, auth=_who(line)
    )
    return answer.content


def _address(line: Line, path: str, *, of_account: bool = False) -> str:
    base = str(line.settings.get("api_base") or USUAL_BASE).rstrip("/")
    account = quote(str(line.settings.get("account_sid", "")), safe="")
    tail = path if of_account else f"/{quote(path, safe='/.')}"
    return f"{base}/{VERSION}/Accounts/{account}{tail}"


def _who(line: Line) -> tuple[str, str]:
    return str(line.settings.get("account_sid", "")), line.secrets.get("auth_token", "")


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    if not answer.content:
        return {}
    try:
        told = answer.json()
    except ValueError as error:
        raise TemporaryEffectError("the provider's answer is no JSON") from error
    return told if isinstance(told, dict) else {}
