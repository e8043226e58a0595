"""Amazon SES: mail leaves over its API, everything that comes in comes over Amazon SNS.

anymail speaks to Amazon through an SDK of its own (boto3), which knows nothing of our one way out; what we need of it
is one call to send and one to fetch, under a signature of a few lines (AWS Signature Version 4).
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlsplit

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ccx.kernel import egress
from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError
from interactions.channels.contract import Field, Line, NotVerifiedError, Request, UnreadableDeliveryError, Words
from interactions.channels.email.esp import (
    MAX_BODY,
    RECEIVING,
    SENDING,
    EspAdapter,
    from_base64,
    raw_mail,
    secret,
)
from interactions.channels.email.esp_requests import read_json
from interactions.channels.email.esp_sns import confirm, verify_note

REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}")
BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
READY: Final = "Successfully validated SNS topic for Amazon SES event publishing."
FETCH_SECONDS: Final = 20.0


class AmazonSes(EspAdapter):
    """What comes in proves itself by the signature of Amazon SNS, which anymail does not check."""

    provider: ClassVar[str] = "ses"
    label: ClassVar[str] = "Amazon SES"
    module: ClassVar[str] = "amazon_ses"
    tracking: ClassVar[str] = "AmazonSESTrackingWebhookView"
    webhook_help: ClassVar[Words] = _(
        "Subscribe it over HTTPS to the SNS topics of mail and of events, without raw message delivery. The"
        " subscription confirms itself."
    )
    form: ClassVar[tuple[Field, ...]] = (
        secret("access_key_id", _("Access key ID")),
        secret("secret_access_key", _("Secret access key")),
        Field(name="region", label=_("Region"), is_required=True, group=SENDING, help=_("For example eu-central-1.")),
        Field(name="configuration_set", label=_("Configuration set"), group=SENDING),
        Field(
            name="topics",
            label=_("Topics (ARN)"),
            kind="lines",
            is_required=True,
            group=RECEIVING,
            help=_("Of the SNS topics that mail and events come over, one a line: arn:aws:sns:eu-central-1:…"),
        ),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        """By Amazon's signature, and by the topic."""
        try:
            note = read_json(request.body)
        except UnreadableDeliveryError as error:
            raise NotVerifiedError from error
        topics = line.settings.get("topics")
        verify_note(note, topics=topics if isinstance(topics, list) else [])

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        """One note of SNS holds one event of SES."""
        note = read_json(asked.body)
        kind, text = note.get("Type"), note.get("Message")
        if kind == "SubscriptionConfirmation":
            confirm(note)
            return []
        if kind != "Notification" or text == READY:
            return []
        return [(read_json(str(text)), note)]

    def is_mail(self, item: Any) -> bool:
        return bool(item[0].get("notificationType") == "Received")

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        told = item[0]
        receipt = told.get("receipt", {})
        action = receipt.get("action", {})
        to = (receipt.get("recipients") or [""])[0]
        if action.get("type") == "SNS":
            content = told["content"]
            yield raw_mail(from_base64(content) if action.get("encoding") == "BASE64" else content, recipient=to)
        elif action.get("type") == "S3":
            yield raw_mail(_stored(line, action["bucketName"], action["objectKey"]), recipient=to)
        else:
            raise UnreadableDeliveryError("the receipt rule must hand mails to SNS or to S3")

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        return self.read(self.tracking).esp_to_anymail_events(*item)  # type: ignore[no-any-return]

    def hand_over(self, line: Line, mail: Any) -> None:
        from interactions.channels.email.esp_transport import with_words

        mail.extra_headers["X-Metadata"] = json.dumps(mail.metadata)
        content: dict[str, Any] = {
            "FromEmailAddress": mail.from_email,
            "Destination": {"ToAddresses": mail.to, "CcAddresses": mail.cc},
            "Content": {"Raw": {"Data": base64.b64encode(mail.message().as_bytes(linesep="\r\n")).decode()}},
        }
        if line.settings.get("configuration_set"):
            content["ConfigurationSetName"] = line.settings["configuration_set"]
        url = f"{_base(line, 'email', 'email')}/v2/email/outbound-emails"
        body = json.dumps(content).encode()
        headers = signed(line, "POST", url, body, service="ses") | {"content-type": "application/json"}
        try:
            answer = egress.ask("POST", url, content=body, headers=headers, timeout=30.0)
        except (RefusedEffectError, OutcomeIsUnknownError) as error:
            raise with_words(error) from error
        try:
            message_id = answer.json()["MessageId"]
        except (ValueError, KeyError) as error:
            raise OutcomeIsUnknownError("the provider's answer cannot be read") from error
        status = SimpleNamespace(status="queued", message_id=message_id)
        mail.anymail_status = SimpleNamespace(recipients=dict.fromkeys(mail.recipients(), status))


def _base(line: Line, service: str, host: str) -> str:
    """Where a service of the line's region is; elsewhere only where the line says so."""
    if told := line.settings.get("api_url"):
        return str(told).rstrip("/")
    region = str(line.settings.get("region") or "")
    if not REGION.fullmatch(region):
        raise RefusedEffectError("the line's region is none of Amazon's")
    return f"https://{host}.{region}.amazonaws.com"


def _stored(line: Line, bucket: str, key: str) -> bytes:
    """A mail that SES put into a bucket."""
    if not BUCKET.fullmatch(bucket) or ".." in bucket:
        raise UnreadableDeliveryError("this is no bucket")
    url = f"{_base(line, 's3', 's3')}/{bucket}/{quote(key, safe='/-_.~')}"
    headers = signed(line, "GET", url, b"", service="s3")
    return egress.ask(
        "GET", url, is_idempotent=True, timeout=FETCH_SECONDS, max_bytes=MAX_BODY, headers=headers
    ).content


def signed(
    line: Line, method: str, url: str, body: bytes, *, service: str, now: datetime | None = None
) -> dict[str, str]:  # fmt: skip
    """The headers that prove a call to Amazon (Signature Version 4) to an address without parameters."""
    parts = urlsplit(url)
    moment = f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    region = str(line.settings.get("region") or "")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": moment}
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            *(method, parts.path or "/", parts.query),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            *("", names, digest),
        ]
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{line.secrets.get('secret_access_key', '')}".encode()
    for part in (moment[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = hmac.new(key, text.encode(), "sha256").hexdigest()
    credential = f"{line.secrets.get('access_key_id', '')}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={proof}"
    del headers["host"]
    return headers
