"""Whether Twilio sent a request: HMAC over the address and the sorted form, or the body's digest in the address."""

from collections import defaultdict
from typing import Final

from twilio.request_validator import RequestValidator

from interactions.channels.contract import NotVerifiedError, Request

HEADER: Final = "x-twilio-signature"
FORM: Final = "application/x-www-form-urlencoded"


class _Form(dict[str, list[str]]):
    """A form whose names may stand several times, as the validator asks for it."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def verify_twilio(request: Request, *, token: str) -> None:
    """Return if the account with this auth token signed the request. Raises NotVerifiedError."""
    signature = request.headers.get(HEADER, "")
    if not token or not signature:
        raise NotVerifiedError
    is_json = bool(request.body) and FORM not in request.headers.get("content-type", FORM)
    try:
        told: _Form | str = request.body.decode() if is_json else _form(request)
        is_theirs = RequestValidator(token).validate(request.url, told, signature)
    except (UnicodeError, ValueError) as error:
        raise NotVerifiedError from error
    if not is_theirs or (is_json and "bodySHA256=" not in request.url):
        raise NotVerifiedError


def _form(request: Request) -> _Form:
    pairs: dict[str, list[str]] = defaultdict(list)
    for name, value in request.form():
        pairs[name].append(value)
    return _Form(pairs)
