"""What mail providers bring, signed as each of them signs, and lines that know their keys."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from django.core.cache import cache

from interactions.channels.choices import Channel
from interactions.channels.contract import Line, Request
from interactions.channels.email.esp_sns import certificate_key

URL = "https://ccx.test/in/8f14e45f-ceea-467f-a0e6-0d3b1c1f9a11/"
SECRETS = {
    "webhook_secret": "ann:long-secret",
    "webhook_signing_key": "mailgun-signing",
    "webhook_key": "mandrill-key",
    "signing_secret": "signing-secret",
    "inbound_secret": "inbound-secret",
    "tracking_secret": "tracking-secret",
    "api_key": "key-1",
    "api_token": "token-1",
    "secret_key": "key-2",
    "server_token": "token-2",
    "access_key_id": "AKIDEXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
SVIX_KEY = base64.b64encode(b"svix-secret-of-24-bytes!").decode()
TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail"
SNS_CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abc.pem"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def _public(key: Any) -> str:
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "".join(pem.decode().splitlines()[1:-1])


def line_of(provider: str, **settings: Any) -> Line:
    """A mail line of this provider that has every key it could want."""
    secrets = dict(SECRETS)
    secrets |= {"postal": {"webhook_key": _public(RSA)}, "resend": {"signing_secret": f"whsec_{SVIX_KEY}"}}.get(
        provider, {}
    )
    if provider == "sendgrid":
        secrets["tracking_webhook_verification_key"] = _public(EC)
    return Line(
        inbox_id=1,
        public_id=UUID("8f14e45f-ceea-467f-a0e6-0d3b1c1f9a11"),
        channel=Channel.EMAIL,
        name="Help",
        address="help@ccx.test",
        settings={"region": "eu-central-1", "project_id": "p1", "topics": [TOPIC], **settings},
        secrets=secrets,
        webhook_url=URL,
    )


def without(line: Line, *names: str) -> Line:
    """The same line without these keys."""
    return replace(line, secrets={name: value for name, value in line.secrets.items() if name not in names})


def brought(body: bytes, content_type: str = "application/json", **headers: str) -> Request:
    """A request as it came."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method="POST", url=URL, headers={"content-type": content_type, **named}, body=body)


def as_json(payload: Any, **headers: str) -> Request:
    return brought(json.dumps(payload).encode(), **headers)


def with_password(request: Request, told: str = SECRETS["webhook_secret"]) -> Request:
    """Basic authentication."""
    basic = f"Basic {base64.b64encode(told.encode()).decode()}"
    return replace(request, headers={**request.headers, "authorization": basic})


def mailgun(payload: dict[str, Any], *, moment: float | None = None, key: str = "mailgun-signing") -> Request:
    """Event webhooks are JSON with a block for the signature; routes and the old webhooks are forms."""
    stamp = str(int(time.time() if moment is None else moment))
    token = hashlib.sha256(f"{stamp}{payload!r}".encode()).hexdigest()
    seal = hmac.new(key.encode(), f"{stamp}{token}".encode(), "sha256").hexdigest()
    signed = {"timestamp": stamp, "token": token, "signature": seal}
    if "event-data" in payload:
        return as_json({**payload, "signature": signed})
    pairs = [(name, one) for name, value in payload.items() for one in (value if isinstance(value, list) else [value])]
    body = urlencode([*pairs, *signed.items()]).encode()
    return brought(body, "application/x-www-form-urlencoded")


def mandrill(events: Any, *, key: str = SECRETS["webhook_key"], url: str = URL) -> Request:
    told = json.dumps(events)
    seal = base64.b64encode(hmac.digest(key.encode(), f"{url}mandrill_events{told}".encode(), "sha1")).decode()
    body = urlencode({"mandrill_events": told}).encode()
    return brought(body, "application/x-www-form-urlencoded", x_mandrill_signature=seal)


def postal(event: Any) -> Request:
    body = json.dumps(event).encode()
    return brought(body, **postal_headers(body))


def postal_headers(body: bytes, key: str = "") -> dict[str, str]:
    """Its own key signs; for a line that has another key somebody else signed."""
    mine = RSA if key in {"", _public(RSA)} else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    seal = mine.sign(body, padding.PKCS1v15(), hashes.SHA1())
    return {"x_postal_signature": base64.b64encode(seal).decode()}


def sendgrid(events: Any, *, moment: float | None = None) -> Request:
    body, stamp = json.dumps(events).encode(), str(int(time.time() if moment is None else moment))
    seal = base64.b64encode(EC.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    return brought(
        body,
        x_twilio_email_event_webhook_signature=seal,
        x_twilio_email_event_webhook_timestamp=stamp,
    )


def resend(
    event: Any, *, moment: float | None = None, number: str = "msg_1", key: str = f"whsec_{SVIX_KEY}"
) -> Request:
    body, stamp = json.dumps(event).encode(), str(int(time.time() if moment is None else moment))
    seal = hmac.digest(base64.b64decode(key.removeprefix("whsec_")), f"{number}.{stamp}.".encode() + body, "sha256")
    return brought(body, svix_id=number, svix_timestamp=stamp, svix_signature=f"v1,{base64.b64encode(seal).decode()}")


def mailersend(event: Any, *, key: str = SECRETS["signing_secret"]) -> Request:
    body = json.dumps(event).encode()
    return brought(body, signature=hmac.new(key.encode(), body, "sha256").hexdigest())


def mailtrap(event: Any, *, key: str = SECRETS["tracking_secret"]) -> Request:
    body = json.dumps(event).encode()
    return brought(body, mailtrap_signature=hmac.new(key.encode(), body, "sha256").hexdigest())


def unisender_go(event: Any, *, key: str = SECRETS["api_key"]) -> Request:
    """MD5 of the body in which the key stands where then the sum stands."""
    text = json.dumps({"auth": "KEYPLACE", **event})
    seal = hashlib.md5(text.replace("KEYPLACE", key).encode()).hexdigest()
    return brought(text.replace("KEYPLACE", seal).encode())


def ses(event: Any, *, kind: str = "Notification", **more: Any) -> Request:
    """A note of SNS as Amazon signs it; its certificate lies where one that was fetched lies."""
    note = {"Type": kind, "MessageId": "n1", "TopicArn": TOPIC, "Message": json.dumps(event)} | more
    return brought(json.dumps(sns_signed(note)).encode(), "text/plain; charset=UTF-8", **sns_headers(kind))


def sns_headers(kind: str) -> dict[str, str]:
    return {"x_amz_sns_message_type": kind, "x_amz_sns_message_id": "n1", "x_amz_sns_topic_arn": TOPIC}


def sns_signed(note: dict[str, Any], *, version: str = "2", key: Any = RSA, url: str = SNS_CERTIFICATE) -> Any:
    """By the documentation of Amazon SNS: names and values of what is signed, a line each."""
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    note = {"Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")} | note
    text = "".join(f"{name}\n{note[name]}\n" for name in names if name in note)
    sums = {"1": hashes.SHA1(), "2": hashes.SHA256()}
    seal = key.sign(text.encode(), padding.PKCS1v15(), sums[version])
    cache.set(certificate_key(SNS_CERTIFICATE), a_certificate(RSA), timeout=600)
    signed = {"SignatureVersion": version, "Signature": base64.b64encode(seal).decode(), "SigningCertURL": url}
    return note | signed


def a_certificate(key: Any, *, ended: bool = False) -> bytes:
    """As Amazon's are, but signed by itself."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    ends_at = now + timedelta(days=-1 if ended else 30)
    made = made.not_valid_before(now - timedelta(days=2)).not_valid_after(ends_at)
    return made.sign(RSA, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


SIGNERS: dict[str, Callable[[Any], Request]] = {
    "mailgun": mailgun,
    "mandrill": mandrill,
    "postal": postal,
    "sendgrid": sendgrid,
    "resend": resend,
    "mailersend": mailersend,
    "mailtrap": mailtrap,
    "unisender_go": unisender_go,
    "ses": ses,
    **{
        provider: lambda payload: with_password(as_json(payload))
        for provider in ("postmark", "mailjet", "brevo", "sparkpost")
    },
}
