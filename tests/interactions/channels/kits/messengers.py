"""Samples of SMS over Twilio, of Meta's three, and of Telegram."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.utils import timezone
from twilio.request_validator import RequestValidator

from interactions.channels.choices import Channel
from interactions.channels.contract import Line
from tests.factories.webservers import Heard, Said
from tests.interactions.channels.kit import Kit, Wire

FORM = "application/x-www-form-urlencoded"


def minute(number: int) -> datetime:
    """When the number-th message was sent."""
    return timezone.now().replace(microsecond=0) - timedelta(minutes=10 - number)


def said(told: Any, status: int = 200, **headers: str) -> Said:
    return Said(status, json.dumps(told).encode(), {name.replace("_", "-"): value for name, value in headers.items()})


class MessengerKit(Kit):
    """What the five have in common: the base address of the API is a setting of the line."""

    def settings_at(self, url: str) -> Mapping[str, Any]:
        return {**self.settings, "api_base": url}


class SmsKit(MessengerKit):
    channel = Channel.SMS
    address = "+1 (555) 000-1111"
    settings = {"account_sid": "AC00000000000000000000000000000001"}
    secrets = {"auth_token": "auth-token-of-tests"}
    recipient = "+4915112345678"
    provider_id = "SM00000000000000000000000000000001"
    tells_time = False

    def form(self, path: str = "", **fields: str) -> Wire:
        return Wire(body=urlencode(fields).encode(), content_type=FORM, path=path)

    def message(self, number: int) -> Wire:
        return self.form(
            MessageSid=f"SM{number:032d}",
            SmsStatus="received",
            From=self.recipient,
            To=self.address,
            Body=f"Hello, no {number}",
            NumMedia="0",
        )

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        told = dict(parse_qsl(wire.body.decode(errors="replace"), keep_blank_values=True))
        return wire.signed(x_twilio_signature=RequestValidator(line.secrets["auth_token"]).compute_signature(url, told))

    def report(self, provider_id: str, state: str) -> Wire | None:
        if state == "read":
            return None
        return self.form(MessageSid=provider_id, MessageStatus=state, From=self.address, To=self.recipient)

    def unknown(self) -> Wire:
        return self.form(MessageSid="SM9", MessageStatus="dreaming")

    def malformed(self) -> Wire:
        return self.form(Hello="world")

    def accepted(self, heard: Heard) -> Said:
        return said({"sid": self.provider_id, "status": "queued"}, 201)

    def refused(self, heard: Heard) -> Said:
        return said({"code": 21614, "message": "To number is not a mobile number", "status": 400}, 400)

    def limited(self, heard: Heard) -> Said:
        return said({"code": 20429, "message": "Too many requests", "status": 429}, 429, retry_after="7")


class MetaKit(MessengerKit):
    secrets = {
        "access_token": "access-token-of-tests",
        "app_secret": "app-secret-of-tests",
        "verify_token": "our-own-word",
    }

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        digest = hmac.new(line.secrets["app_secret"].encode(), wire.body, hashlib.sha256).hexdigest()
        return wire.signed(x_hub_signature_256=f"sha256={digest}")

    def refused(self, heard: Heard) -> Said:
        return said({"error": {"message": "Invalid parameter", "code": 100}}, 400)

    def limited(self, heard: Heard) -> Said:
        return said({"error": {"message": "Rate limit hit", "code": 130429}}, 429, retry_after="7")


class WhatsAppKit(MetaKit):
    channel = Channel.WHATSAPP
    settings = {"phone_number_id": "106540352242922", "waba_id": "102290129340398"}
    recipient = "+4915112345678"
    provider_id = "wamid.THEIRS1"

    def value(self, field: str = "messages", **value: Any) -> Wire:
        told = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "106540352242922"}, **value}
        change = {"field": field, "value": told}
        whole = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
        return Wire(body=json.dumps(whole).encode())

    def message(self, number: int, **more: Any) -> Wire:
        told = {
            "from": "4915112345678",
            "id": f"wamid.{number}",
            "timestamp": str(int(minute(number).timestamp())),
            "type": "text",
            "text": {"body": f"Hello, no {number}"},
        }
        who = {"wa_id": "4915112345678", "profile": {"name": "Ada Example"}}
        return self.value(contacts=[who], messages=[told | more])

    def report(self, provider_id: str, state: str) -> Wire:
        at = str(int(minute(9).timestamp()))
        return self.value(statuses=[{"id": provider_id, "status": state, "timestamp": at, "recipient_id": "49"}])

    def unknown(self) -> Wire:
        return self.value("account_alerts", alert="x")

    def accepted(self, heard: Heard) -> Said:
        return said({"messages": [{"id": self.provider_id}]})


class PageKit(MetaKit):
    settings = {"page_id": "1906385232743451"}
    recipient = "5521988887777"
    provider_id = "m_their-1"
    told_as = "page"

    def event(self, **event: Any) -> Wire:
        told = {"sender": {"id": self.recipient}, "recipient": {"id": "1906385232743451"}, **event}
        return Wire(
            body=json.dumps(
                {"object": self.told_as, "entry": [{"id": "1906385232743451", "messaging": [told]}]}
            ).encode()
        )

    def message(self, number: int) -> Wire:
        at = int(minute(number).timestamp() * 1000)
        return self.event(timestamp=at, message={"mid": f"m_{number}", "text": f"Hello, no {number}"})

    def unknown(self) -> Wire:
        return self.event(dream={"of": "sheep"})

    def accepted(self, heard: Heard) -> Said:
        return said({"recipient_id": self.recipient, "message_id": self.provider_id})


class FacebookKit(PageKit):
    channel = Channel.MESSENGER

    def report(self, provider_id: str, state: str) -> Wire | None:
        if state != "delivered":
            return None
        return self.event(delivery={"mids": [provider_id], "watermark": 1})


class InstagramKit(PageKit):
    channel = Channel.INSTAGRAM
    told_as = "instagram"

    def report(self, provider_id: str, state: str) -> Wire | None:
        return self.event(read={"mid": provider_id}) if state == "read" else None


class TelegramKit(MessengerKit):
    channel = Channel.TELEGRAM
    secrets = {"bot_token": "123456:token-of-tests", "secret_token": "secret-of-tests"}
    recipient = "4711"
    provider_id = "4711:9"
    signs_body = False

    def update(self, **update: Any) -> Wire:
        return Wire(body=json.dumps({"update_id": 1, **update}).encode())

    def message(self, number: int) -> Wire:
        return self.update(
            message={
                "message_id": number,
                "date": int(minute(number).timestamp()),
                "chat": {"id": 4711, "type": "private"},
                "from": {"id": 4711, "first_name": "Ada", "language_code": "de"},
                "text": f"Hello, no {number}",
            }
        )

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        return wire.signed(x_telegram_bot_api_secret_token=line.secrets["secret_token"])

    def unknown(self) -> Wire:
        return self.update(poll={"id": "1"})

    def accepted(self, heard: Heard) -> Said:
        return said({"ok": True, "result": {"message_id": 9}})

    def refused(self, heard: Heard) -> Said:
        return said({"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}, 403)

    def limited(self, heard: Heard) -> Said:
        return said({"ok": False, "error_code": 429, "parameters": {"retry_after": 7}}, 429)


KITS = (SmsKit(), WhatsAppKit(), FacebookKit(), InstagramKit(), TelegramKit())
