"""Whether Amazon SNS sent a note (signature versions 1 and 2), and for a topic of ours.

Anybody may have a topic of their own at Amazon, whose notes are signed just as well: the topic says whose note it is.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_pem_x509_certificate
from django.core.cache import cache

from ccx.kernel import egress
from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.contract import NotVerifiedError, StaleDeliveryError, UnreadableDeliveryError

# Amazon hands its certificates out under names of this form; others of its addresses say what somebody asks them to.
CERTIFICATE_AT: Final = re.compile(
    r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem"
)
CONFIRMS_AT: Final = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/\?[!-~]{1,2000}")
# What is signed of a note, in this order; what it does not have is left out.
NOTE: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
SUBSCRIPTION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": NOTE,
    "SubscriptionConfirmation": SUBSCRIPTION,
    "UnsubscribeConfirmation": SUBSCRIPTION,
}
WORDS: Final = frozenset({"Message", "Subject"})
SUMS: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {"1": hashes.SHA1, "2": hashes.SHA256}
# The time is that of the first try, and Amazon tries for an hour; a clock may be five minutes off.
OLDEST: Final = timedelta(hours=24)
AHEAD: Final = timedelta(minutes=5)
LARGEST_CERTIFICATE: Final = 20_000
CERTIFICATE_SECONDS: Final = 24 * 3600
NONE_SECONDS: Final = 300
SMALLEST_KEY: Final = 2048


def verify_note(note: Any, *, topics: Collection[str]) -> None:
    """Return if Amazon signed this, and lately, for one of these topics.

    Raises NotVerifiedError or StaleDeliveryError; TemporaryEffectError where its certificate cannot be fetched now.
    """
    if not isinstance(note, dict) or note.get("TopicArn") not in topics:
        raise NotVerifiedError("of no topic of the line's")
    names, version = SIGNED.get(str(note.get("Type")), ()), SUMS.get(str(note.get("SignatureVersion")))
    if not names or version is None or not set(names) - {"Subject"} <= set(note):
        raise NotVerifiedError("a kind or a signature that nobody knows")
    parts = {name: note[name] for name in names if name != "Subject" or note.get(name) is not None}
    # A line end in a name or a number would let one part of what is signed pass for another.
    if not all(isinstance(value, str) and ("\n" not in value or name in WORDS) for name, value in parts.items()):
        raise NotVerifiedError("what is signed is text")
    signed = "".join(f"{name}\n{value}\n" for name, value in parts.items())
    try:
        seal = base64.b64decode(str(note.get("Signature")), validate=True)
        if base64.b64encode(seal).decode() != note["Signature"]:
            raise NotVerifiedError("written otherwise than Amazon writes it")
        _key_at(str(note.get("SigningCertURL"))).verify(seal, signed.encode(), padding.PKCS1v15(), version())
    except (InvalidSignature, ValueError) as error:
        raise NotVerifiedError(type(error).__name__) from error
    _refuse_stale(str(parts.get("Timestamp")))


def confirm(note: Mapping[str, Any]) -> None:
    """Say yes to the subscription of a note that was verified; only Amazon's own address is ever called."""
    url = str(note.get("SubscribeURL") or "")
    asked = parse_qs(urlsplit(url).query)
    is_ours = asked.get("Action") == ["ConfirmSubscription"] and asked.get("TopicArn") == [note.get("TopicArn")]
    if not CONFIRMS_AT.fullmatch(url) or not is_ours:
        raise UnreadableDeliveryError("the subscription is not confirmed at Amazon, or is another topic's")
    egress.ask("GET", url, is_idempotent=True)


def certificate_key(url: str) -> str:
    """Where a certificate that was fetched is kept."""
    return f"sns-certificate:{hashlib.sha256(url.encode()).hexdigest()}"


def _key_at(url: str) -> rsa.RSAPublicKey:
    if not CERTIFICATE_AT.fullmatch(url):
        raise NotVerifiedError("its certificate is not at Amazon")
    certificate = load_pem_x509_certificate(_fetched(url))
    key, now = certificate.public_key(), datetime.now(UTC)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise NotVerifiedError("its certificate has another kind of key")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise NotVerifiedError("its certificate is over")
    return key


def _fetched(url: str) -> bytes:
    kept: bytes | None = cache.get(certificate_key(url))
    if kept is None:
        try:
            kept = egress.ask("GET", url, is_idempotent=True, max_bytes=LARGEST_CERTIFICATE).content
        except RefusedEffectError:
            kept = b""
        cache.set(certificate_key(url), kept, timeout=CERTIFICATE_SECONDS if kept else NONE_SECONDS)
    return kept


def _refuse_stale(stamp: str) -> None:
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(stamp)
    except (ValueError, TypeError) as error:
        raise NotVerifiedError("it has no time") from error
    if not -AHEAD <= age <= OLDEST:
        raise StaleDeliveryError
