"""Calls of Meta's Graph: where it is, who we are, and what its errors mean."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

USUAL_BASE: Final = "https://graph.facebook.com"
USUAL_VERSION: Final = "v25.0"
VERSION: Final = re.compile(r"v\d{1,3}\.\d")
SECONDS: Final = 10.0
# Too much at once, or to one person; it passes.
TOO_FAST: Final = frozenset({4, 17, 32, 341, 613, 80006, 80007, 130429, 131048, 131056, 131057})
# The token, what it may do, or the account is at fault: somebody has to mend the set-up.
NOT_LET_IN: Final = frozenset({0, 3, 10, 102, 190, 131005, 131031, 131042, *range(200, 300)})
# Of those with the codes above: this person cannot be written to now, whatever the token may do.
NOT_THIS_PERSON: Final = frozenset({2018278, 2018108, 1545041, 2534022})


def call(
    line: Line, method: str, path: str, *, is_idempotent: bool = False, timeout: float = SECONDS, **request: Any
) -> Mapping[str, Any]:
    """One call, with the line's token. Raises as an adapter's `send` does, in Meta's words."""
    headers = {"authorization": f"Bearer {line.secrets.get('access_token', '')}"}
    with understood():
        answer = egress.ask(
            method, address(line, path), is_idempotent=is_idempotent, timeout=timeout, headers=headers, **request
        )
    return told_by(answer)


def address(line: Line, path: str) -> str:
    """The path at the Graph of the line, in the version that it was set up for."""
    version = str(line.settings.get("graph_version") or USUAL_VERSION)
    if not VERSION.fullmatch(version):
        raise RefusedEffectError("no version of the Graph")
    return f"{base_of(line)}/{version}/{path}"


def base_of(line: Line) -> str:
    """Where the Graph of the line is."""
    return str(line.settings.get("api_base") or USUAL_BASE).rstrip("/")


def node(value: Any) -> str:
    """An id as a step of a path; nothing in it leads elsewhere."""
    step = quote(str(value), safe="")
    if step in {"", ".", ".."}:
        raise RefusedEffectError("an id is missing")
    return step


def told_by(answer: httpx.Response) -> Mapping[str, Any]:
    """What a success says; nothing where it says nothing that can be read."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


@contextmanager
def understood() -> Iterator[None]:
    """Turn an error of the call into the one that Meta's own code means, in Meta's own words."""
    try:
        yield
    except (RefusedEffectError, TemporaryEffectError, OutcomeIsUnknownError) as error:
        response = getattr(error, "response", None)
        fault = _fault(response) if response is not None else {}
        if response is None or not fault:
            raise
        raise _meant(error, fault, response.status_code) from error


def _fault(response: httpx.Response) -> Mapping[str, Any]:
    fault = told_by(response).get("error")
    return fault if isinstance(fault, dict) else {}


def _meant(error: Exception, fault: Mapping[str, Any], status: int) -> Exception:
    code, told = fault.get("code"), _words(fault)
    wait = getattr(error, "retry_after", None)
    if status < 500 and code in TOO_FAST:
        return TemporaryEffectError(told, retry_after=wait)
    if status < 500 and code in NOT_LET_IN:
        is_person = fault.get("error_subcode") in NOT_THIS_PERSON
        return RefusedEffectError(told) if is_person else CredentialsRefusedError(told)
    if isinstance(error, CredentialsRefusedError):
        return CredentialsRefusedError(told)
    if isinstance(error, TemporaryEffectError):
        return TemporaryEffectError(told, retry_after=wait)
    return type(error)(told)


def _words(fault: Mapping[str, Any]) -> str:
    data = fault.get("error_data")
    detail = data.get("details") if isinstance(data, dict) else None
    told = str(detail or fault.get("error_user_msg") or fault.get("message") or "no reason was given")
    return f"{told[:200]} ({fault.get('code')})"
