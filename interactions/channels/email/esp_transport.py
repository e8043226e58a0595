"""The one way out (ccx/kernel/egress.py) under the library that anymail's backends speak HTTP with."""

from typing import Any, Final

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from ccx.kernel import egress
from ccx.kernel.events.effects import CredentialsRefusedError, OutcomeIsUnknownError, RefusedEffectError

TIMEOUT_SECONDS: Final = 30.0
LONGEST_ANSWER: Final = 200


# What this way out writes itself.
DROPPED: Final = frozenset({"content-length", "accept-encoding", "connection", "user-agent"})


class _Egress(BaseAdapter):
    """Every call is judged: anymail gets to see successes only, the errors are ours and go through it."""

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        content = request.body.encode() if isinstance(request.body, str) else request.body
        headers = {name: value for name, value in request.headers.items() if name.lower() not in DROPPED}
        try:
            told = egress.ask(
                str(request.method), str(request.url), content=content, headers=headers, timeout=TIMEOUT_SECONDS
            )
        except (RefusedEffectError, OutcomeIsUnknownError) as error:
            raise with_words(error) from error
        response = Response()
        response.status_code, response.reason = told.status_code, told.reason_phrase
        response.headers.update(told.headers)
        response._content = told.content
        response.url, response.request, response.encoding = str(request.url), request, "utf-8"
        return response

    def close(self) -> None:
        """Nothing is kept open."""


def way_out(session: Session) -> None:
    """Let a session reach nothing but over our way out, with nobody's proxies and passwords."""
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Egress())


def with_words(error: Exception) -> Exception:
    """The same error with what the provider said about it; a body that names an error is a refusal whatever its number.

    Mandrill answers every mistake with 500, and says which in its body.
    """
    response = getattr(error, "response", None)
    text = " ".join(response.text.split())[:LONGEST_ANSWER] if response is not None else ""
    if not text:
        return error
    kind = type(error)
    if isinstance(error, OutcomeIsUnknownError) and '"status":"error"' in text.replace(" ", ""):
        kind = CredentialsRefusedError if "Invalid_Key" in text else RefusedEffectError
    made = kind(f"{error}: {text}")
    made.response = response  # type: ignore[attr-defined]
    return made
