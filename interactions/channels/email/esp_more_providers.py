"""MailerSend, SparkPost, Unisender Go, Brevo, Resend, Mailtrap and Scaleway.

Three of them bring a note that there is a mail, and keep the mail itself or its files: those are fetched while the
note is read. A provider that is down then is asked again with the delivery.
"""

import base64
import hmac
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final
from urllib.parse import quote

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ccx.kernel import egress
from interactions.channels.contract import Answer, Field, Line, NotVerifiedError, Request
from interactions.channels.email.adapter import MAILBOX
from interactions.channels.email.esp import (
    API_URL,
    MAX_BODY,
    RECEIVING,
    SENDING,
    SHARED_SECRET,
    EspAdapter,
    as_list,
    from_base64,
    key_of,
    raw_mail,
    require_fresh,
    require_signature,
    secret,
    written,
)
from interactions.channels.email.esp_requests import django_request, read_json

API_KEY: Final = secret("api_key", _("API key"))
FETCH_SECONDS: Final = 20.0


class MailerSend(EspAdapter):
    """Signs the body, with a key for each webhook and route."""

    provider: ClassVar[str] = "mailersend"
    label: ClassVar[str] = "MailerSend"
    module: ClassVar[str] = "mailersend"
    tracking: ClassVar[str] = "MailerSendTrackingWebhookView"
    inbound: ClassVar[str] = "MailerSendInboundWebhookView"
    secret_options: ClassVar[tuple[str, ...]] = ("api_token",)
    has_metadata: ClassVar[bool] = False
    # Its own fields take In-Reply-To and References; other headers are for its largest customers.
    dropped_headers: ClassVar[frozenset[str]] = frozenset({"Message-ID", "Content-Language"})
    form: ClassVar[tuple[Field, ...]] = (
        secret("api_token", _("API token")),
        API_URL,
        secret("signing_secret", _("Signing secret of the webhook"), group=RECEIVING),
        secret("inbound_secret", _("Secret of the inbound route"), group=RECEIVING, is_required=False),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        require_signature(line, request, "signature", "signing_secret", "inbound_secret")

    def prepare(self, mail: Any) -> None:
        if told := mail.extra_headers.pop("References", ""):
            mail.esp_extra = {"references": told.split()}

    def is_mail(self, item: Any) -> bool:
        return bool(item.get("type") == "inbound.message")

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        to = item["data"].get("recipients", {}).get("rcptTo") or [{}]
        yield raw_mail(item["data"]["raw"], recipient=to[0].get("email"))


class SparkPost(EspAdapter):
    """Signs nothing: its address bears user and password."""

    provider: ClassVar[str] = "sparkpost"
    label: ClassVar[str] = "SparkPost (Bird)"
    module: ClassVar[str] = "sparkpost"
    tracking: ClassVar[str] = "SparkPostTrackingWebhookView"
    options: ClassVar[tuple[str, ...]] = ("api_url", "subaccount")
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        Field(name="subaccount", label=_("Subaccount"), group=SENDING),
        API_URL,
        SHARED_SECRET,
    )

    def is_mail(self, item: Any) -> bool:
        return "relay_message" in item["msys"]

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        told = item["msys"]["relay_message"]
        raw = told["content"]["email_rfc822"]
        is_packed = told["content"].get("email_rfc822_is_base64")
        yield raw_mail(from_base64(raw) if is_packed else raw, recipient=told.get("rcpt_to"))

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        view = self.read(self.tracking)
        event_class, event, raw = view.unwrap_event(item)
        return [] if event is None else [view.esp_to_anymail_event(event_class, event, raw)]


class UnisenderGo(EspAdapter):
    """Signs the body with the API key. It takes in no mail: that is fetched from a mailbox."""

    provider: ClassVar[str] = "unisender_go"
    label: ClassVar[str] = "Unisender Go"
    module: ClassVar[str] = "unisender_go"
    tracking: ClassVar[str] = "UnisenderGoTrackingWebhookView"
    dropped_headers: ClassVar[frozenset[str]] = frozenset({"Message-ID"})
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        Field(
            name="api_url",
            label=_("Address of the API"),
            kind="url",
            is_required=True,
            group=SENDING,
            help=_("It depends on the account's data centre: https://go1.unisender.ru/ru/transactional/api/v1"),
        ),
        *MAILBOX,
    )

    def challenge(self, line: Line, request: Request) -> Answer | None:
        """It looks by GET, and names nothing."""
        is_look = request.method == "GET" and not request.query
        return Answer() if is_look else super().challenge(line, request)

    def authenticate(self, line: Line, request: Request) -> None:
        key = key_of(line, "api_key").encode()
        self.read(self.tracking, api_key_bytes=key).validate_request(django_request(request))

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        told = read_json(asked.body)
        if "events_by_user" not in told:
            return [told] if told.get("event_name") == "transactional_email_status" else []
        return [
            event["event_data"]
            for user in told["events_by_user"]
            for event in user["events"]
            if event["event_name"] == "transactional_email_status"
        ]

    def is_mail(self, item: Any) -> bool:
        return False


def fetched(url: str, **headers: str) -> bytes:
    """What a provider keeps for us. Raises TemporaryEffectError where it is to be asked again."""
    return egress.ask(
        "GET", url, is_idempotent=True, timeout=FETCH_SECONDS, max_bytes=MAX_BODY, headers=headers
    ).content


class Brevo(EspAdapter):
    """Signs nothing: its address bears user and password. Files of a mail are fetched with the API key."""

    provider: ClassVar[str] = "brevo"
    label: ClassVar[str] = "Brevo"
    module: ClassVar[str] = "brevo"
    tracking: ClassVar[str] = "BrevoTrackingWebhookView"
    inbound: ClassVar[str] = "BrevoInboundWebhookView"
    form: ClassVar[tuple[Field, ...]] = (API_KEY, API_URL, SHARED_SECRET)

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        told = read_json(asked.body)
        return [{"mail": one} for one in told["items"]] if "items" in told else as_list(told)

    def is_mail(self, item: Any) -> bool:
        return "mail" in item

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        base = str(line.settings.get("api_url") or "https://api.brevo.com/v3/").rstrip("/")
        files = item["mail"].get("Attachments") or []
        view = self.read(self.inbound, _fetch_attachment=lambda told: _brevo_file(base, key_of(line, "api_key"), told))
        yield written(view.esp_to_anymail_event({**item["mail"], "Attachments": files}).message)


def _brevo_file(base: str, key: str, told: Any) -> Any:
    from anymail.inbound import AnymailInboundMessage

    content = fetched(f"{base}/inbound/attachments/{quote(told['DownloadToken'], safe='')}", **{"api-key": key})
    return AnymailInboundMessage.construct_attachment(
        content_type=told.get("ContentType") or "application/octet-stream",
        content=content,
        filename=told.get("Name"),
        content_id=told.get("ContentID"),
    )


class Resend(EspAdapter):
    """Signs the body, its id and its time. Of a mail it brings the id only."""

    provider: ClassVar[str] = "resend"
    label: ClassVar[str] = "Resend"
    module: ClassVar[str] = "resend"
    tracking: ClassVar[str] = "ResendTrackingWebhookView"
    form: ClassVar[tuple[Field, ...]] = (
        API_KEY,
        API_URL,
        secret("signing_secret", _("Signing secret of the webhook"), group=RECEIVING),
        secret("inbound_secret", _("Secret of the webhook for mail"), group=RECEIVING, is_required=False),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        """Svix: HMAC-SHA256 over id, time and body, under one of several keys, in one of several versions."""
        moment = request.headers["svix-timestamp"]
        signed = f"{request.headers['svix-id']}.{moment}.".encode() + request.body
        given = [told.partition(",")[2] for told in request.headers["svix-signature"].split() if told.startswith("v1,")]
        keys = [line.secrets.get(name, "") for name in ("signing_secret", "inbound_secret")]
        for key in filter(None, keys):
            made = base64.b64encode(hmac.digest(base64.b64decode(key.removeprefix("whsec_")), signed, "sha256"))
            if any(hmac.compare_digest(made, told.encode()) for told in given):
                return require_fresh(moment)
        raise NotVerifiedError

    def is_mail(self, item: Any) -> bool:
        return bool(item.get("type") == "email.received")

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        base = str(line.settings.get("api_url") or "https://api.resend.com/").rstrip("/")
        key = f"Bearer {key_of(line, 'api_key')}"
        told = read_json(
            fetched(f"{base}/emails/receiving/{quote(item['data']['email_id'], safe='')}", authorization=key)
        )
        to = (told.get("to") or [""])[0]
        if url := (told.get("raw") or {}).get("download_url"):
            yield raw_mail(fetched(url), recipient=to)
        else:
            yield written(_resend_mail(told))

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        return [self.read(self.tracking).esp_to_anymail_event(item, asked)]


def _resend_mail(told: Any) -> Any:
    """The mail out of its fields, where the provider has lost the mail itself."""
    from anymail.inbound import AnymailInboundMessage

    message = AnymailInboundMessage.construct(
        from_email=told.get("from"),
        to=", ".join(told.get("to") or []) or None,
        cc=", ".join(told.get("cc") or []) or None,
        subject=told.get("subject"),
        text=told.get("text"),
        html=told.get("html"),
        attachments=[
            AnymailInboundMessage.construct_attachment(
                content_type=file.get("content_type") or "application/octet-stream",
                content=fetched(file["download_url"]),
                filename=file.get("filename"),
                content_id=file.get("content_id"),
            )
            for file in told.get("attachments") or []
        ],
    )
    if told.get("reply_to"):
        message["Reply-To"] = ", ".join(told["reply_to"])
    headers = told.get("headers") or {}
    pairs = headers.items() if isinstance(headers, dict) else [(one["name"], one["value"]) for one in headers]
    named = {name.lower(): value for name, value in pairs}
    for name in ("Message-ID", "In-Reply-To", "References", "Date", "Auto-Submitted", "Precedence"):
        value = told.get(name.lower().replace("-", "_")) or named.get(name.lower())
        if isinstance(value, str) and name not in message:
            message[name] = value
    return message


class Mailtrap(EspAdapter):
    """Signs the body. Of a mail it brings the id only."""

    provider: ClassVar[str] = "mailtrap"
    label: ClassVar[str] = "Mailtrap"
    module: ClassVar[str] = "mailtrap"
    tracking: ClassVar[str] = "MailtrapTrackingWebhookView"
    secret_options: ClassVar[tuple[str, ...]] = ("api_token",)
    options: ClassVar[tuple[str, ...]] = ("api_url", "sandbox_id")
    form: ClassVar[tuple[Field, ...]] = (
        secret("api_token", _("API token")),
        Field(name="sandbox_id", label=_("Sandbox"), group=SENDING, help=_("Empty: mail leaves for real.")),
        API_URL,
        Field(name="inbound_api_url", label=_("Address of the API for mail"), kind="url", group=RECEIVING),
        secret("tracking_secret", _("Signing secret of the webhook"), group=RECEIVING),
        secret("inbound_secret", _("Signing secret of the inbound webhook"), group=RECEIVING, is_required=False),
    )

    def authenticate(self, line: Line, request: Request) -> None:
        require_signature(line, request, "mailtrap-signature", "tracking_secret", "inbound_secret")

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        return [event for event in read_json(asked.body).get("events") or [] if event is not None]

    def is_mail(self, item: Any) -> bool:
        return bool(item["event"].startswith("inbound"))

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        inbox = item.get("inbox_id")
        if inbox in {None, 1}:
            return  # the console's own "test your integration"
        base = str(line.settings.get("inbound_api_url") or "https://mailtrap.io/api/").rstrip("/")
        url = f"{base}/inbound/inboxes/{quote(str(inbox), safe='')}/messages/{quote(item['message_id'], safe='')}"
        told = read_json(fetched(url, authorization=f"Bearer {key_of(line, 'api_token')}"))
        yield raw_mail(fetched(told["raw_message_url"]))


class Scaleway(EspAdapter):
    """Sends only: it reports nothing, and mail is fetched from a mailbox."""

    provider: ClassVar[str] = "scaleway"
    label: ClassVar[str] = "Scaleway"
    module: ClassVar[str] = "scaleway"
    has_webhook: ClassVar[bool] = False
    secret_options: ClassVar[tuple[str, ...]] = ("secret_key",)
    options: ClassVar[tuple[str, ...]] = ("api_url", "project_id", "region")
    form: ClassVar[tuple[Field, ...]] = (
        secret("secret_key", _("Secret key")),
        Field(name="project_id", label=_("Project"), is_required=True, group=SENDING),
        Field(name="region", label=_("Region"), group=SENDING, help=_("Empty: fr-par.")),
        API_URL,
        *MAILBOX,
    )

    def authenticate(self, line: Line, request: Request) -> None:
        raise NotVerifiedError

    def is_mail(self, item: Any) -> bool:
        return False
