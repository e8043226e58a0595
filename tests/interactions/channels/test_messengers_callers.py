"""Who may call: Meta's and Twilio's signatures, Telegram's secret, and real deliveries of theirs."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from interactions.channels.contract import Adapter, NotVerifiedError, Request, UnreadableDeliveryError
from interactions.channels.registry import BY_KEY
from interactions.channels.sms.adapter import SmsAdapter
from interactions.channels.sms.reading import report_of
from interactions.channels.telegram.adapter import secret_of
from interactions.channels.twilio.signature import verify_twilio
from interactions.channels.whatsapp.adapter import WhatsAppAdapter
from tests.interactions.channels.kit import Kit, Wire, line_for
from tests.interactions.channels.kits.messengers import FacebookKit, InstagramKit, SmsKit, TelegramKit, WhatsAppKit

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"


def adapter_of(kit: Kit) -> Adapter:
    return BY_KEY[kit.channel.value, kit.provider]


def request_of(wire: Wire) -> Request:
    headers = {"content-type": wire.content_type} | {name.lower(): value for name, value in wire.headers.items()}
    return Request(method="POST", url="https://contact.example.org/in/x/", headers=headers, body=wire.body)


# Who calls


@pytest.mark.parametrize("kit", [WhatsAppKit(), FacebookKit(), InstagramKit()], ids=lambda kit: kit.channel.slug)
def test_meta_is_answered_with_its_own_word_only_if_it_knows_ours(kit: Kit) -> None:
    def ask(**told: str) -> str:
        query = [(f"hub.{name}", value) for name, value in told.items()]
        request = Request(method="GET", url="https://x/", headers={}, body=b"", query=query)
        answer = adapter_of(kit).challenge(line_for(kit), request)
        assert answer is not None
        assert answer.content_type.startswith("text/plain")
        return answer.content

    assert ask(mode="subscribe", verify_token="our-own-word", challenge="<b>1</b>") == "<b>1</b>"
    for wrong in ("", "our-own-wor", "OUR-OWN-WORD", "é"):
        with pytest.raises(NotVerifiedError):
            ask(mode="subscribe", verify_token=wrong, challenge="1")
    with pytest.raises(NotVerifiedError):
        ask(mode="unsubscribe", verify_token="our-own-word", challenge="1")


def test_a_line_without_secrets_lets_nobody_in() -> None:
    for kit in (SmsKit(), WhatsAppKit(), FacebookKit(), InstagramKit(), TelegramKit()):
        line = line_for(kit)
        wire = kit.sign(kit.message(1), line, "https://contact.example.org/in/x/")  # type: ignore[arg-type]
        bare = line_for(type("Bare", (type(kit),), {"secrets": {}})())
        with pytest.raises(NotVerifiedError):
            adapter_of(kit).verify(bare, request_of(wire))


def test_telegrams_secret_is_made_where_none_was_given_and_is_each_lines_own() -> None:
    line = line_for(type("Bare", (TelegramKit,), {"secrets": {"bot_token": "1:x"}})())
    other = line_for(type("Bare", (TelegramKit,), {"secrets": {"bot_token": "2:x"}})())
    assert len(secret_of(line)) == 64
    assert secret_of(line) != secret_of(other)
    assert secret_of(line_for(TelegramKit())) == "secret-of-tests"


# Real deliveries


def is_verified(request: Request, token: str) -> bool:
    try:
        verify_twilio(request, token=token)
    except NotVerifiedError:
        return False
    return True


def twilio_request(vector: dict[str, Any]) -> Request:
    body = vector["body"] if "body" in vector else urlencode(vector["params"])
    headers = {
        "content-type": "application/json" if "body" in vector else FORM,
        vector["header"].lower(): vector["signature"],
    }
    query = parse_qsl(urlsplit(vector["url"]).query)
    return Request(method="POST", url=vector["url"], headers=headers, body=body.encode(), query=query)


@pytest.mark.real_data
def test_published_signatures_of_twilio_are_judged_as_they_should_be(real_data: Path) -> None:
    vectors = json.loads((real_data / "webhook_signature_vectors" / "vectors.json").read_text())
    ours = [one for one in vectors if one["scheme"] == "twilio"]
    assert len(ours) >= 3
    for vector in ours:
        request = twilio_request(vector)
        assert is_verified(request, vector["token"]) is vector["valid"], vector["id"]
        altered = Request(
            method="POST",
            url=request.url,
            headers=request.headers,
            body=request.body[:-1] + bytes([request.body[-1] ^ 1]),
            query=request.query,
        )
        assert not is_verified(altered, vector["token"]), vector["id"]
        assert not is_verified(request, vector["token"] + "x"), vector["id"]


def meta_request(body: bytes, secret: str) -> Request:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={digest}"}
    return Request(method="POST", url="https://x/", headers=headers, body=body)


def phone_numbers_in(told: Any) -> set[str]:
    found: set[str] = set()
    for entry in told["entry"]:
        for change in entry["changes"]:
            found |= {change["value"].get("metadata", {}).get("phone_number_id", "")}
    return found


@pytest.mark.real_data
def test_every_real_delivery_of_whatsapp_is_taken_and_one_altered_byte_is_not(real_data: Path) -> None:
    folder = real_data / "webhook_payloads_whatsapp"
    adapter, kit = WhatsAppAdapter(), WhatsAppKit()
    counts: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == "reference.json":
            continue
        for name, told in json.loads(path.read_text()).items():
            body = json.dumps(told).encode()
            number = next(iter(phone_numbers_in(told)))
            line = line_for(kit, phone_number_id=number)
            request = meta_request(body, kit.secrets["app_secret"])
            adapter.verify(line, request)
            for at in (0, len(body) // 2, len(body) - 1):
                altered = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
                with pytest.raises(NotVerifiedError):
                    adapter.verify(
                        line, Request(method="POST", url="https://x/", headers=request.headers, body=altered)
                    )
            parsed = adapter.parse(line, request, received_at=NOW)
            assert parsed.broken == (), name
            counts[f"{path.stem}:{name}"] = tuple(
                map(len, (parsed.arrived, parsed.reports, parsed.edits, parsed.reactions, parsed.ignored))
            )
    expected = json.loads((folder / "reference.json").read_text())["named_payloads"]
    assert len(counts) == expected
    kinds = {name.partition(":")[0] for name, found in counts.items() if sum(found) != 1}
    assert kinds == set()
    messages = {name: found for name, found in counts.items() if name.startswith("message:")}
    assert sum(found[0] for found in messages.values()) == len(messages) - 3
    assert sum(found[3] for found in messages.values()) == 3
    statuses = {name: found for name, found in counts.items() if name.startswith("message_status:")}
    assert sum(found[1] for found in statuses.values()) == len(statuses) - 1


@pytest.mark.real_data
def test_real_messages_of_twilios_list_are_read(real_data: Path) -> None:
    told = [
        json.loads(path.read_text(), strict=False)
        for path in (real_data / "twilio_rest_resources").glob("rest__*messag*.json")
    ]
    messages = [one for one in told if one.get("sid", "").startswith(("SM", "MM")) and "status" in one]
    assert len(messages) >= 6
    reports = [report_of(one) for one in messages]
    assert {report.state for report in reports if report} == {"sent"}
    assert all(report and report.provider_id == one["sid"] for report, one in zip(reports, messages, strict=True))
    with pytest.raises(UnreadableDeliveryError):
        SmsAdapter().parse(line_for(SmsKit()), meta_request(json.dumps(messages[0]).encode(), "x"), received_at=NOW)
