"""Mailgun, Postmark, SendGrid, Mandrill, Mailjet and Postal."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ccx.kernel import egress
from interactions.channels.contract import (
    Field,
    Line,
    NotVerifiedError,
    Outgoing,
    Report,
    Request,
    UnreadableDeliveryError,
)
from interactions.channels.email.composing import message_id_of
from interactions.channels.email.esp import (
    API_URL,
    OLDEST_SECONDS,
    RECEIVING,
    REFERENCE,
    SENDING,
    SHARED_SECRET,
    STATES,
    EspAdapter,
    as_list,
    from_base64,
    key_of,
    raw_mail,
    require_fresh,
    require_shared_secret,
    secret,
)
from interactions.channels.email.esp_requests import django_request, read_json

API_KEY: Final = secret("api_key", _("API key"))


class Mailgun(EspAdapter):
    """Signs a time and a token, and not what it brings: a token is good for one delivery."""

    provider: ClassVar[str] = "mailgun"
    label: ClassVar[str] = "Mailgun"
    module: ClassVar[str] = "mailgun"
    tracking: ClassVar[str] = "MailgunTrackingWebhookView"
    inbound: ClassVar[str] = "MailgunInboundWebhookView"
    options: ClassVar[tuple[str, ...]] = ("api_url", "sender_domain")
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        Field(name="sender_domain", label=_("Sending domain"), group=SENDING, help=_("Empty: that of the address.")),
        API_URL,
        secret("webhook_signing_key", _("HTTP webhook signing key"), group=RECEIVING),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        asked = django_request(request)
        key = key_of(line, "webhook_signing_key", "api_key")
        view = self.read("MailgunBaseWebhookView", webhook_signing_key=key.encode(), basic_auth=[])
        view.validate_request(asked)
        is_json = asked.content_type == "application/json"
        signed = read_json(asked.body)["signature"] if is_json else asked.POST
        require_fresh(signed["timestamp"])
        _use_once(f"mailgun:{line.public_id}:{signed['token']}", request.body)

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        return as_list(read_json(asked.body)) if asked.content_type == "application/json" else [asked]

    def is_mail(self, item: Any) -> bool:
        if not isinstance(item, HttpRequest):
            return False
        return item.POST.get("event", "") in {"", "inbound"} and ("sender" in item.POST or "body-mime" in item.POST)

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        if "attachments" in asked.POST:
            raise UnreadableDeliveryError("the route must forward mails, not store them")
        if raw := asked.POST.get("body-mime"):
            yield raw_mail(str(raw), recipient=asked.POST.get("recipient"))
        else:
            yield from super().mails(line, item, asked)

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        view = self.read(self.tracking)
        if isinstance(item, HttpRequest):
            return [view.mailgun_legacy_to_anymail_event(item.POST)]
        return [view.esp_to_anymail_event(item)]

    def look_up(self, line: Line, outgoing: Outgoing, *, since: datetime) -> Report | None:
        """Its log of events knows our Message-ID."""
        message_id = message_id_of(line, outgoing)
        base = str(line.settings.get("api_url") or "https://api.mailgun.net/v3").rstrip("/")
        domain = line.settings.get("sender_domain") or line.address.rpartition("@")[2]
        told = egress.ask(
            "GET",
            f"{base}/{domain}/events",
            is_idempotent=True,
            params={"message-id": message_id.strip("<>"), "ascending": "no", "limit": "25"},
            auth=("api", key_of(line, "api_key")),
        ).json()
        view = self.read(self.tracking)
        events = [view.esp_to_anymail_event({"event-data": event}) for event in told.get("items", [])]
        state = next((STATES[str(one.event_type)] for one in events if str(one.event_type) in STATES), "")
        return Report(provider_id=message_id, state=state or "sent") if events else None


def _use_once(name: str, body: bytes) -> None:
    """Refuse a token that came with something else before. Without a cache the signature and its time must do."""
    digest = hashlib.sha256(body).hexdigest()
    if cache.get_or_set(name, digest, timeout=2 * OLDEST_SECONDS) != digest:
        raise NotVerifiedError


class Postmark(EspAdapter):
    """Signs nothing: its address bears user and password."""

    provider: ClassVar[str] = "postmark"
    label: ClassVar[str] = "Postmark"
    module: ClassVar[str] = "postmark"
    tracking: ClassVar[str] = "PostmarkTrackingWebhookView"
    inbound: ClassVar[str] = "PostmarkInboundWebhookView"
    secret_options: ClassVar[tuple[str, ...]] = ("server_token",)
    options: ClassVar[tuple[str, ...]] = ("api_url", "message_stream")
    more_headers: ClassVar[Mapping[str, str]] = {"X-PM-KeepID": "true"}
    form: ClassVar[tuple[Field, ...]] = (
        secret("server_token", _("Server API token")),
        Field(name="message_stream", label=_("Message stream"), group=SENDING),
        API_URL,
        SHARED_SECRET,
    )

    def is_mail(self, item: Any) -> bool:
        return item.get("RecordType", "Inbound") == "Inbound" and "FromFull" in item

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        if raw := item.get("RawEmail"):
            yield raw_mail(raw, recipient=item.get("OriginalRecipient"))
        else:
            yield from super().mails(line, item, asked)

    def look_up(self, line: Line, outgoing: Outgoing, *, since: datetime) -> Report | None:
        """It can be searched by our mark."""
        base = str(line.settings.get("api_url") or "https://api.postmarkapp.com/").rstrip("/")
        told = egress.ask(
            "GET",
            f"{base}/messages/outbound",
            is_idempotent=True,
            params={"count": "1", "offset": "0", f"metadata_{REFERENCE}": str(outgoing.reference)},
            headers={"X-Postmark-Server-Token": key_of(line, "server_token"), "Accept": "application/json"},
        ).json()
        found = told.get("Messages") or []
        return Report(provider_id=str(found[0]["MessageID"]), state="sent") if found else None


class SendGrid(EspAdapter):
    """Signs its reports if told to; mail it brings to an address that bears user and password."""

    provider: ClassVar[str] = "sendgrid"
    label: ClassVar[str] = "SendGrid"
    module: ClassVar[str] = "sendgrid"
    tracking: ClassVar[str] = "SendGridTrackingWebhookView"
    inbound: ClassVar[str] = "SendGridInboundWebhookView"
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        API_URL,
        SHARED_SECRET,
        secret(
            "tracking_webhook_verification_key",
            _("Verification key of signed event webhooks"),
            group=RECEIVING,
            is_required=False,
        ),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        key = line.secrets.get("tracking_webhook_verification_key")
        if not key or "multipart/form-data" in request.headers.get("content-type", ""):
            return require_shared_secret(line, request)
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        public = load_pem_public_key(f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----".encode())
        self.read("SendGridBaseWebhookView", webhook_verification_key=public, key_setting_name="").validate_request(
            django_request(request)
        )
        return require_fresh(request.headers["x-twilio-email-event-webhook-timestamp"])

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        return [asked] if asked.content_type == "multipart/form-data" else as_list(read_json(asked.body))

    def is_mail(self, item: Any) -> bool:
        return isinstance(item, HttpRequest)

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        if (raw := asked.POST.get("email")) and "headers" not in asked.POST:
            to = read_json(asked.POST.get("envelope") or "{}").get("to") or [""]
            yield raw_mail(str(raw), recipient=to[0])
        else:
            yield from super().mails(line, item, asked)


class Mandrill(EspAdapter):
    """Signs its address and everything it brings."""

    provider: ClassVar[str] = "mandrill"
    label: ClassVar[str] = "Mandrill (Mailchimp)"
    module: ClassVar[str] = "mandrill"
    tracking: ClassVar[str] = "MandrillCombinedWebhookView"
    inbound: ClassVar[str] = "MandrillCombinedWebhookView"
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        API_URL,
        secret("webhook_key", _("Key of the webhook"), group=RECEIVING),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        key = key_of(line, "webhook_key").encode()
        view = self.read("MandrillCombinedWebhookView", webhook_key=key, webhook_url=line.webhook_url or request.url)
        view.validate_request(django_request(request))

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        if "mandrill_events" not in asked.POST:
            raise UnreadableDeliveryError("there are no events")
        return as_list(read_json(str(asked.POST["mandrill_events"])))

    def is_mail(self, item: Any) -> bool:
        return bool(item.get("event") == "inbound")

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        yield raw_mail(item["msg"]["raw_msg"], recipient=item["msg"].get("email"))

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        return [self.read(self.tracking).mandrill_tracking_to_anymail_event(item)]


class Mailjet(EspAdapter):
    """Signs nothing: its address bears user and password."""

    provider: ClassVar[str] = "mailjet"
    label: ClassVar[str] = "Mailjet"
    module: ClassVar[str] = "mailjet"
    tracking: ClassVar[str] = "MailjetTrackingWebhookView"
    inbound: ClassVar[str] = "MailjetInboundWebhookView"
    secret_options: ClassVar[tuple[str, ...]] = ("api_key", "secret_key")
    dropped_headers: ClassVar[frozenset[str]] = frozenset({"Message-ID"})
    form: ClassVar[tuple[Field, ...]] = (API_KEY, secret("secret_key", _("Secret key")), API_URL, SHARED_SECRET)

    def is_mail(self, item: Any) -> bool:
        return "event" not in item and ("Headers" in item or "Parts" in item)


class Postal(EspAdapter):
    """Signs the body with its own key, whose public half is in its settings."""

    provider: ClassVar[str] = "postal"
    label: ClassVar[str] = "Postal"
    module: ClassVar[str] = "postal"
    tracking: ClassVar[str] = "PostalTrackingWebhookView"
    inbound: ClassVar[str] = "PostalInboundWebhookView"
    has_metadata: ClassVar[bool] = False
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        Field(name="api_url", label=_("Address of the API"), kind="url", is_required=True, group=SENDING),
        secret("webhook_key", _("Public key (DKIM) of the server"), group=RECEIVING),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        key = key_of(line, "webhook_key")
        self.read("PostalBaseWebhookView", webhook_key=key).validate_request(django_request(request))

    def is_mail(self, item: Any) -> bool:
        return "rcpt_to" in item

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        raw = item["message"]
        yield raw_mail(from_base64(raw) if item.get("base64") is True else raw, recipient=item.get("rcpt_to"))

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        return self.read(self.tracking).parse_events(asked)  # type: ignore[no-any-return]
