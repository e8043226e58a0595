"""Calls of Telegram's Bot API. The token is part of every address, so no address is ever told."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from ccx.kernel import egress
from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    RefusedEffectError,
    TemporaryEffectError,
)
from interactions.channels.contract import Line

USUAL_BASE: Final = "https://api.telegram.org"
SECONDS: Final = 10.0


def call(
    line: Line, method: str, *, is_idempotent: bool = False, timeout: float = SECONDS, **request: Any
) -> Mapping[str, Any]:
    """Do one thing; what came of it. Raises as an adapter's `send` does, in Telegram's words."""
    try:
        answer = egress.ask("POST", address(line, method), is_idempotent=is_idempotent, timeout=timeout, **request)
    except (RefusedEffectError, TemporaryEffectError, OutcomeIsUnknownError) as error:
        response = getattr(error, "response", None)
        if response is None:
            raise
        raise _meant(error, response) from error
    result = _told(answer).get("result")
    return result if isinstance(result, dict) else {}


def address(line: Line, method: str, *, of_file: bool = False) -> str:
    """Where a method or a file of the bot is."""
    base = str(line.settings.get("api_base") or USUAL_BASE).rstrip("/")
    token = line.secrets.get("bot_token", "")
    if not token:
        raise CredentialsRefusedError("the line has no token")
    return f"{base}{'/file' if of_file else ''}/bot{quote(token, safe=':')}/{quote(method)}"


def _told(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _meant(error: Exception, response: httpx.Response) -> Exception:
    told = _told(response)
    words = f"{str(told.get('description') or 'no reason was given')[:200]} ({response.status_code})"
    # An address with a token that is none answers as if there were no such place.
    if response.status_code in {401, 404}:
        return CredentialsRefusedError(words)
    if isinstance(error, TemporaryEffectError):
        parameters = told.get("parameters")
        wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
        seconds = float(wait) if isinstance(wait, int) and 0 <= wait < 10**6 else error.retry_after
        return TemporaryEffectError(words, retry_after=seconds)
    return type(error)(words)
