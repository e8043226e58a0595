"""Secrets of the chat: of a browser, of a link in a mail, of a file's address, and the site's word on who its user is.

Of the first two only the digest is kept. None of them ever stands in the address of a socket or in a log.
"""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.utils.crypto import salted_hmac

TOKEN_BYTES: Final = 32
OFFER: Final = "chat."
OFFER_BYTES: Final = 20
LONGEST_TOKEN: Final = 128
SEPARATOR: Final = "|"
# A site signs for the page that is open, not for ever.
LONGEST_PROMISE_SECONDS: Final = 24 * 3600 + 300
FILE_SECONDS: Final = 3600
UPLOAD_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class SiteUser:
    """Whom the embedding site says its visitor is, under its signature; the name is not part of what is signed."""

    id: str
    email: str = ""


def new_token() -> tuple[str, str]:
    """A secret to give away, and the digest to keep."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, digest_of(token)


def mail_token(address: str) -> tuple[str, str]:
    """The secret of a link in a mail, which bears the mark of the address that it is sent to; and its digest."""
    token = f"mail.{secrets.token_urlsafe(TOKEN_BYTES)}.{_mark(address)}"
    return token, digest_of(token)


def was_sent_to(token: str, address: str) -> bool:
    """Whether a link in a mail went to this address."""
    kind, _, mark = token[:LONGEST_TOKEN].rpartition(".")
    return bool(address) and kind.startswith("mail.") and hmac.compare_digest(mark.encode(), _mark(address).encode())


def offer_token(message: UUID) -> tuple[str, str]:
    """The secret of the link that goes with a message, and its digest. Asked again it is the same: a message that is
    sent once more offers the same chat, and nowhere does the secret stand beside its message."""
    seal = salted_hmac("ccx chat offer", str(message), algorithm="sha256").digest()[:OFFER_BYTES]
    token = f"{OFFER}{_short(message.bytes)}.{_short(seal)}"
    return token, digest_of(token)


def offer_of(token: str) -> UUID | None:
    """The message that a link came with; None for a link that is of another kind."""
    if not token.startswith(OFFER):
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(token.removeprefix(OFFER)[:22] + "=="))
    except ValueError:
        return None


def digest_of(token: str) -> str:
    return hashlib.sha256(token[:LONGEST_TOKEN].encode("utf-8", "replace")).hexdigest()


def signature_of(user: SiteUser, *, expires: int, inbox: UUID, secret: str) -> str:
    """What a site's server writes under its user: valid for one line, until one moment."""
    told = SEPARATOR.join((user.id, user.email, str(expires), str(inbox)))
    return hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()


def signed_user(given: dict[str, Any] | None, *, inbox: UUID, secret: str) -> SiteUser | None:
    """The user that the site vouches for; None for whatever is not signed so, and for what could be read two ways."""
    if not given or not secret:
        return None
    user = SiteUser(id=given["id"], email=given["email"])
    if not user.id or SEPARATOR in user.id or SEPARATOR in user.email:
        return None
    now, expires = int(time.time()), given["expires"]
    if not now <= expires <= now + LONGEST_PROMISE_SECONDS:
        return None
    made = signature_of(user, expires=expires, inbox=inbox, secret=secret)
    return user if hmac.compare_digest(made.encode(), given["signature"].encode("utf-8", "replace")) else None


def file_key(attachment: UUID) -> str:
    """Opens one file for one to two hours; the same within an hour, so that a browser keeps what it has fetched."""
    until = (int(time.time()) // FILE_SECONDS + 2) * FILE_SECONDS
    return f"{until}.{_file_seal(attachment, until)}"


def opens_file(attachment: UUID, key: str) -> bool:
    """Whether this key was made for this file and still holds."""
    until, _, seal = key[:200].partition(".")
    if not (until.isascii() and until.isdigit()) or len(until) > 12 or int(until) < time.time():
        return False
    return hmac.compare_digest(_file_seal(attachment, int(until)).encode(), seal.encode("utf-8", "replace"))


def upload_ticket(visitor: UUID, upload: dict[str, Any]) -> str:
    """A file that no message carries yet, in the words of a ticket that only its visitor can hand in."""
    return signing.dumps(upload, salt=f"chat upload {visitor}", compress=True)


def read_ticket(visitor: UUID, ticket: str) -> dict[str, Any] | None:
    """What a ticket of this visitor names; None for any other."""
    try:
        found = signing.loads(ticket[:2000], salt=f"chat upload {visitor}", max_age=UPLOAD_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def _mark(address: str) -> str:
    return _short(salted_hmac("ccx chat address", address.lower(), algorithm="sha256").digest()[:16])


def _short(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _file_seal(attachment: UUID, until: int) -> str:
    return salted_hmac("ccx chat file", f"{attachment}|{until}", algorithm="sha256").hexdigest()
