"""Whether Meta sent a request, and the answer to its question whether we are there."""

import hashlib
import hmac
from typing import Final

from interactions.channels.contract import Answer, Line, NotVerifiedError, Request

HEADER: Final = "x-hub-signature-256"
PREFIX: Final = "sha256="
LONGEST_CHALLENGE: Final = 500


def verify_meta(request: Request, *, secret: str) -> None:
    """Return if the app with this secret signed the raw body. Raises NotVerifiedError."""
    told = request.headers.get(HEADER, "")
    if not secret or not told.startswith(PREFIX):
        raise NotVerifiedError
    expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(told.removeprefix(PREFIX).encode(), expected.encode()):
        raise NotVerifiedError


def answer_challenge(line: Line, request: Request) -> Answer | None:
    """Meta asks with a word that we chose, and wants its own word back; a delivery is no such question."""
    if request.method != "GET":
        return None
    asked = dict(request.query)
    word = line.secrets.get("verify_token", "")
    told = asked.get("hub.verify_token", "")
    if asked.get("hub.mode") != "subscribe" or not word or not hmac.compare_digest(told.encode(), word.encode()):
        raise NotVerifiedError
    return Answer(content=asked.get("hub.challenge", "")[:LONGEST_CHALLENGE])
