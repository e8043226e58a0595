"""Mail providers: who calls, what they bring, and what becomes of a mail of ours."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from interactions.channels.contract import (
    NotVerifiedError,
    Parsed,
    Request,
    StaleDeliveryError,
    UnreadableDeliveryError,
)
from interactions.channels.email.adapters import MAIL_ADAPTERS
from interactions.channels.email.esp import EspAdapter
from interactions.channels.email.reading import parse
from tests.factories import mailproviders as bring
from tests.factories.mailproviders import SIGNERS, line_of, with_password
from tests.factories.mailservers import a_mail

ADAPTERS: dict[str, EspAdapter] = {
    adapter.provider: adapter for adapter in MAIL_ADAPTERS if isinstance(adapter, EspAdapter)
}
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
RAW = a_mail("Where is it?", number=7).decode()
# What anymail's own tests expect of each payload, in our words: the state and what names the mail; "" is ignored.
EXPECTED = {
    "MailgunTestCase.test_delivered_event": ("delivered", "<"),
    "MailgunTestCase.test_failed_permanent_event": ("failed", "<20180812214658.1.0DF563D0B3597700@example.org>"),
    "MailgunTestCase.test_rejected_event": ("failed", "<20180622220256.1.B31A451A2E5422BB@sandbox55887.mailgun.org>"),
    "MailgunTestCase.test_complained_event": ("failed", "<20130718032413.263EE2E0926@example.org>"),
    "MailgunTestCase.test_opened_event": ("read", "<20180812213139.1.BC6694A917BB7E6A@example.org>"),
    "MandrillTrackingTestCase.test_send_event": ("sent", "abcdef012345789abcdef012345789"),
    "MandrillTrackingTestCase.test_old_tracking_url": ("sent", "abcdef012345789abcdef012345789"),
    "MandrillTrackingTestCase.test_hard_bounce_event": ("failed", "abcdef012345789abcdef012345789"),
    "MandrillTrackingTestCase.test_click_event": ("read", "abcdef012345789abcdef012345789"),
    "PostmarkDeliveryTestCase.test_bounce_event": ("failed", "2706ee8a-737c-4285-b032-ccd317af53ed"),
    "PostmarkDeliveryTestCase.test_delivered_event": ("delivered", "883953f4-6105-42a2-a16a-77a8eac79483"),
    "PostmarkDeliveryTestCase.test_open_event": ("read", "f4830d10-9c35-4f0c-bca3-3d9b459821f8"),
    "PostmarkDeliveryTestCase.test_click_event": ("read", "f4830d10-9c35-4f0c-bca3-3d9b459821f8"),
    "PostmarkDeliveryTestCase.test_spam_event": ("failed", "2706ee8a-737c-4285-b032-ccd317af53ed"),
    "PostmarkDeliveryTestCase.test_subscription_change_bounce": ("failed", "b4cb783d-78ed-43f2-983b-63f55c712dc8"),
    "MailjetDeliveryTestCase.test_sent_event": ("delivered", "12345678901234567"),
    "MailjetDeliveryTestCase.test_non_grouped_event": ("delivered", "12345678901234567"),
    "MailjetDeliveryTestCase.test_open_event": ("read", "12345678901234567"),
    "MailjetDeliveryTestCase.test_click_event": ("read", "12345678901234567"),
    "MailjetDeliveryTestCase.test_bounce_event": ("failed", "12345678901234567"),
    "MailjetDeliveryTestCase.test_blocked_event": ("failed", "12345678901234567"),
    "MailjetDeliveryTestCase.test_spam_event": ("failed", "12345678901234567"),
    "SendGridDeliveryTestCase.test_delivered_event": ("delivered", "4ab185c2-0171-492f-9ce0-27de258efc99"),
    "SendGridDeliveryTestCase.test_dropped_invalid_event": ("failed", "c74002d9-7ccb-4f67-8b8c-766cec03c9a6"),
    "SendGridDeliveryTestCase.test_dropped_bounced": ("failed", "<14c5d75ce93.dfd.64b469@ismtpd-555>"),
    "SendGridDeliveryTestCase.test_dropped_unsubscribed_event": ("failed", "a36ec0f9-aabe-45c7-9a84-3e17afb5cb65"),
    "SendGridDeliveryTestCase.test_bounce_event": ("failed", "de212213-bb66-4302-8f3f-20acdb7a104e"),
    "SendGridDeliveryTestCase.test_open_event": ("read", "44920b35-3e31-478b-bb67-b4f5e0c85ebc"),
    "SendGridDeliveryTestCase.test_click_event": ("read", "75de5af9-a090-4325-87f9-8c599ad66f60"),
    "SendGridDeliveryTestCase.test_compatibility_message_id_from_smtp_id": (
        "delivered",
        "<152712433591.85282.8340115595767222398@example.com>",
    ),
    "PostalDeliveryTestCase.test_bounce_event": ("failed", "233843"),
    "PostalDeliveryTestCase.test_failed_event": ("failed", "1571"),
    "PostalDeliveryTestCase.test_delivered_event": ("delivered", "1563"),
}
MAILS = {
    "MailgunLegacyTestCase.test_misconfigured_inbound",
    "MailjetInboundTestCase.test_inbound_basics",
    "PostmarkInboundTestCase.test_inbound_basics",
}


def understood(provider: str, request: Request, **settings: Any) -> Parsed:
    """Verified and read."""
    adapter, line = ADAPTERS[provider], line_of(provider, **settings)
    adapter.verify(line, request)
    return adapter.parse(line, request, received_at=NOW)


def altered(request: Request, place: int) -> Request:
    body = bytearray(request.body)
    body[place] ^= 1
    return replace(request, body=bytes(body))


@pytest.mark.real_data
def test_every_payload_of_a_provider_is_read_as_it_should_be(real_data: Path) -> None:
    seen, mails = set(), set()
    for path in sorted((real_data / "email_esp_webhooks_anymail").glob("*_payloads.json")):
        provider = path.name.partition("_")[0]
        for case in json.loads(path.read_text(encoding="utf-8")):
            parsed = understood(provider, SIGNERS[provider](case["payload"]))
            name = case["test"]
            assert parsed.broken == (), name
            if parsed.mails:
                mails.add(name)
                assert parse(parsed.mails[0]).text.startswith("Test body plain"), name
            elif parsed.reports:
                (report,) = parsed.reports
                state, provider_id = EXPECTED[name]
                assert (report.state, report.provider_id.startswith(provider_id)) == (state, True), name
                assert bool(report.error) is (state == "failed"), name
                seen.add(name)
            else:
                assert name not in EXPECTED, name
    assert (seen, mails) == (set(EXPECTED), MAILS)


@pytest.mark.real_data
def test_where_the_body_is_signed_one_altered_byte_is_refused(real_data: Path) -> None:
    for provider in ("mandrill", "postal", "sendgrid"):
        cases = json.loads((real_data / f"email_esp_webhooks_anymail/{provider}_webhooks_payloads.json").read_text())
        for case in cases:
            request = SIGNERS[provider](case["payload"])
            for place in (len(request.body) // 3, len(request.body) - 2):
                with pytest.raises(NotVerifiedError):
                    ADAPTERS[provider].verify(line_of(provider), altered(request, place))


SIGNED: dict[str, Any] = {
    "mandrill": [{"event": "send"}],
    "postal": {"uuid": "1"},
    "sendgrid": [{"event": "open"}],
    "resend": {"type": "email.sent"},
    "mailersend": {"type": "activity.sent"},
    "mailtrap": {"events": []},
    "unisender_go": {"event_name": "other"},
}
HEADERS = (
    *("signature", "x-mandrill-signature", "x-postal-signature", "mailtrap-signature", "svix-signature"),
    "x-twilio-email-event-webhook-signature",
)


@pytest.mark.parametrize("provider", SIGNED)
def test_a_signature_that_is_altered_short_or_missing_is_refused(provider: str) -> None:
    request, line = SIGNERS[provider](SIGNED[provider]), line_of(provider)
    ADAPTERS[provider].verify(line, request)
    wrong = [altered(request, 3), altered(request, len(request.body) - 1)]
    if provider != "unisender_go":  # its signature stands in the body
        wrong.append(replace(request, headers={}))
    for name in HEADERS:
        if told := request.headers.get(name):
            wrong += [
                replace(request, headers={**request.headers, name: told[:-3]}),
                replace(request, headers={**request.headers, name: "é" + told}),
                replace(request, headers={**request.headers, name: ""}),
            ]
    for one in wrong:
        with pytest.raises(NotVerifiedError):
            ADAPTERS[provider].verify(line, one)
    with pytest.raises(NotVerifiedError):
        ADAPTERS[provider].verify(replace(line, secrets={}), request)


@pytest.mark.parametrize("provider", ["postmark", "mailjet", "sparkpost", "brevo", "sendgrid"])
def test_where_nothing_is_signed_a_wrong_or_missing_password_is_refused(provider: str) -> None:
    line = bring.without(line_of(provider), "tracking_webhook_verification_key")
    request = bring.as_json({})
    ADAPTERS[provider].verify(line, with_password(request))
    for told in ("ann:long-secre", "ann:long-secrett", "Ann:long-secret", ":", ""):
        with pytest.raises(NotVerifiedError):
            ADAPTERS[provider].verify(line, with_password(request, told))
    for basic in ("Basic", "Basic =", "Bearer x", "Basic é"):
        with pytest.raises(NotVerifiedError):
            ADAPTERS[provider].verify(line, replace(request, headers={"authorization": basic}))
    with pytest.raises(NotVerifiedError):
        ADAPTERS[provider].verify(replace(line, secrets={}), with_password(request, ""))


def test_what_was_signed_long_ago_is_stale_and_a_token_serves_once() -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    for provider, request in {
        "mailgun": bring.mailgun({"event-data": {"event": "opened"}}, moment=old),
        "sendgrid": bring.sendgrid([], moment=old),
        "resend": bring.resend({}, moment=old),
    }.items():
        with pytest.raises(StaleDeliveryError):
            ADAPTERS[provider].verify(line_of(provider), request)
    request = bring.mailgun({"event-data": {"event": "delivered", "id": "once"}})
    ADAPTERS["mailgun"].verify(line_of("mailgun"), request)
    ADAPTERS["mailgun"].verify(line_of("mailgun"), request)
    other = replace(request, body=request.body.replace(b"delivered", b"failed"))
    with pytest.raises(NotVerifiedError):
        ADAPTERS["mailgun"].verify(line_of("mailgun"), other)
    with pytest.raises(NotVerifiedError):
        ADAPTERS["mailgun"].verify(line_of("mailgun"), bring.mailgun({"event-data": {}}, key="another"))


def ses_event(kind: str, **more: Any) -> dict[str, Any]:
    mail = {"messageId": "s1", "destination": ["ann@example.test"], "headers": []}
    return {"eventType": kind, "mail": mail, kind.lower(): {"recipients": ["ann@example.test"], **more}}


def activity(kind: str, **morph: Any) -> dict[str, Any]:
    email = {"message": {"id": "ms1"}, "recipient": {"email": "ann@example.test"}}
    data = {"type": kind, "created_at": "2026-03-03T10:00:00.000000Z", "email": email, "morph": morph or None}
    return {"type": f"activity.{kind}", "data": data}


def status(kind: str, **info: Any) -> dict[str, Any]:
    data = {"job_id": "u1", "email": "ann@example.test", "status": kind, "event_time": "2026-03-03 10:00:00"}
    event = {"event_name": "transactional_email_status", "event_data": {**data, "delivery_info": info}}
    return {"events_by_user": [{"events": [event]}]}


BOUNCED = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": "a@b.test"}]}
RESENT = {"email_id": "r1", "to": ["ann@example.test"]}
BREVO = {"email": "ann@example.test", "message-id": "<b1@x.test>", "ts_epoch": 1604933623000}
SPARK = {"transmission_id": "t1", "timestamp": "1604933623", "raw_rcpt_to": "ann@example.test"}
TRAP = {"message_id": "mt1", "timestamp": 1604933623, "email": "ann@example.test"}


@pytest.mark.parametrize(
    ("provider", "told", "state", "provider_id"),
    [
        ("ses", ses_event("Delivery"), "delivered", "s1"),
        ("ses", ses_event("Bounce", **BOUNCED), "failed", "s1"),
        ("ses", ses_event("Open"), "read", "s1"),
        ("ses", {"eventType": "DeliveryDelay", "mail": {"messageId": "s1", "destination": ["a"]}}, "", ""),
        ("brevo", {**BREVO, "event": "delivered"}, "delivered", "<b1@x.test>"),
        ("brevo", {**BREVO, "event": "hard_bounce"}, "failed", "<b1@x.test>"),
        ("brevo", {**BREVO, "event": "deferred"}, "", ""),
        ("mailersend", activity("delivered"), "delivered", "ms1"),
        ("mailersend", activity("hard_bounced", object="recipient_bounce"), "failed", "ms1"),
        ("resend", {"type": "email.delivered", "data": RESENT}, "delivered", "r1"),
        ("resend", {"type": "email.opened", "data": RESENT}, "read", "r1"),
        ("resend", {"type": "email.delivery_delayed", "data": RESENT}, "", ""),
        ("resend", {"type": "contact.created", "data": {}}, "", ""),
        ("sparkpost", [{"msys": {"message_event": {**SPARK, "type": "delivery"}}}], "delivered", "t1"),
        ("sparkpost", [{"msys": {"message_event": {**SPARK, "type": "bounce", "bounce_class": "10"}}}], "failed", "t1"),
        ("sparkpost", [{"msys": {}}], "", ""),
        ("unisender_go", status("delivered"), "delivered", "u1"),
        ("unisender_go", status("hard_bounced", delivery_status="err_mailbox_full"), "failed", "u1"),
        ("unisender_go", status("soft_bounced"), "", ""),
        ("mailtrap", {"events": [{**TRAP, "event": "delivery"}]}, "delivered", "mt1"),
        ("mailtrap", {"events": [{**TRAP, "event": "bounce"}]}, "failed", "mt1"),
        ("mailtrap", {"events": [{**TRAP, "event": "suspension"}]}, "", ""),
    ],
)  # fmt: skip
def test_what_became_of_a_mail_is_told_by_every_provider(
    provider: str, told: Any, state: str, provider_id: str
) -> None:
    parsed = understood(provider, SIGNERS[provider](told))
    assert parsed.broken == ()
    assert [(one.state, one.provider_id) for one in parsed.reports] == ([(state, provider_id)] if state else [])


def test_our_marks_come_back_and_what_befell_a_copy_is_not_the_customers_fate() -> None:
    reference = UUID("11111111-2222-3333-4444-555555555555")
    marks = {"ccx": str(reference), "ccx_to": "Ann@example.test"}
    told = {"RecordType": "Bounce", "Type": "HardBounce", "MessageID": "p1", "Metadata": marks, "Description": "gone"}
    (report,) = understood("postmark", with_password(bring.as_json({**told, "Email": "ann@example.test"}))).reports
    assert (report.reference, report.error, report.error_code) == (str(reference), "bounced – gone", "bounced")
    copy = understood("postmark", with_password(bring.as_json({**told, "Email": "copy@example.test"})))
    assert (copy.reports, copy.ignored) == ((), ("bounced",))


def test_a_bad_event_of_many_stops_no_other() -> None:
    events = [{"event": "delivered", "sg_event_id": "1", "anymail_id": "a1", "email": "a@b.test"}, {"no": "event"}, 7]
    parsed = understood("sendgrid", bring.sendgrid(events))
    assert [one.provider_id for one in parsed.reports] == ["a1"]
    assert len(parsed.broken) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"a": 1e9999}', b"null", b"7"])
@pytest.mark.parametrize("provider", [name for name in ADAPTERS if name != "scaleway"])
def test_a_body_that_is_no_event_is_unreadable_or_broken_and_never_more(provider: str, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        request = bring.brought(body, kind)
        with pytest.raises(NotVerifiedError):
            ADAPTERS[provider].verify(line_of(provider), request)
        try:
            parsed = ADAPTERS[provider].parse(line_of(provider), request, received_at=NOW)
        except (UnreadableDeliveryError, AttributeError, TypeError):
            continue
        assert (parsed.mails, parsed.reports) == ((), ())


def form(fields: dict[str, str], files: dict[str, tuple[str, bytes]] | None = None, **headers: str) -> Request:
    """multipart/form-data as providers write it."""
    parts = [f'--b0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    raw = "\r\n".join(parts).encode()
    for name, (file_name, content) in (files or {}).items():
        head = f'\r\n--b0\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        raw += head.encode() + b"Content-Type: image/png\r\n\r\n" + content
    return bring.brought(raw + b"\r\n--b0--\r\n", 'multipart/form-data; boundary="b0"', **headers)


HEADS = {"From": "Ann <ann@example.test>", "To": "help@ccx.test", "Subject": "My order", "Message-ID": "<m7@x.test>"}


def test_a_mail_that_a_provider_brings_whole_is_taken_as_it_came() -> None:
    unescaped = {"message": base64.b64encode(RAW.encode()).decode(), "base64": True, "rcpt_to": "help+t@ccx.test"}
    receipt = {"recipients": ["help+t@ccx.test"], "action": {"type": "SNS", "encoding": "UTF8"}}
    relay = {"content": {"email_rfc822": RAW, "email_rfc822_is_base64": False}, "rcpt_to": "help+t@ccx.test"}
    data = {"raw": RAW, "recipients": {"rcptTo": [{"email": "help+t@ccx.test"}]}}
    told = {"event": "inbound", "msg": {"raw_msg": RAW, "email": "help+t@ccx.test"}}
    raw = {"RawEmail": RAW, "FromFull": {"Email": "a@b.test"}, "OriginalRecipient": "help+t@ccx.test"}
    mailgun = {"body-mime": RAW, "sender": "ann@example.test", "recipient": "help+t@ccx.test"}
    brought = {
        "mailgun": bring.mailgun(mailgun),
        "postmark": with_password(bring.as_json(raw)),
        "mandrill": bring.mandrill([told]),
        "postal": bring.postal(unescaped),
        "sendgrid": with_password(form({"email": RAW, "envelope": '{"to": ["help+t@ccx.test"], "from": "a@b.test"}'})),
        "mailersend": bring.mailersend({"type": "inbound.message", "data": data}, key="inbound-secret"),
        "sparkpost": with_password(bring.as_json([{"msys": {"relay_message": relay}}])),
        "ses": bring.ses({"notificationType": "Received", "content": RAW, "receipt": receipt}),
    }
    for provider, request in brought.items():
        parsed = understood(provider, request)
        assert parsed.mails == (f"X-Original-To: help+t@ccx.test\r\n{RAW}".encode(),), provider


def test_a_mail_that_a_provider_took_apart_is_put_together_again() -> None:
    picture = b"\x89PNG\r\n\x1a\n\x00\r\n--b\x00\xff"
    pairs = json.dumps([[name, value] for name, value in HEADS.items()])
    fields = {
        "sender": "ann@example.test",
        "recipient": "help@ccx.test",
        "message-headers": pairs,
        "body-plain": "Grüße",
    }
    signed = dict(
        one.split("=") for one in bring.mailgun({}).body.decode().split("&")
    )  # fmt: skip
    fields |= {"body-plain": "Grüße", "attachment-count": "1", **signed}
    mailgun = form(fields, {"attachment-1": ("a.png", picture)})
    raw_heads = "".join(f"{name}: {value}\n" for name, value in HEADS.items())
    info = '{"attachment1": {"content-id": "pic"}}'
    sendgrid = form(
        {"headers": raw_heads, "text": "Grüße", "attachment-info": info}, {"attachment1": ("a.png", picture)}
    )
    part = {"ContentRef": "Attachment1", "Headers": {"Content-Type": 'image/png; name="a.png"'}}
    mailjet = {"Headers": HEADS, "Text-part": "Grüße", "Parts": [part], "Recipient": "help@ccx.test"}
    mailjet["Attachment1"] = base64.b64encode(picture).decode()
    brought = {
        "mailgun": mailgun,
        "sendgrid": with_password(sendgrid),
        "mailjet": with_password(bring.as_json(mailjet)),
    }
    for provider, request in brought.items():
        mail = parse(understood(provider, request).mails[0])
        assert (mail.sender, mail.subject, mail.message_id) == ("ann@example.test", "My order", "<m7@x.test>"), provider
        assert mail.text == "Grüße", provider
        assert [file.content for file in mail.files] == [picture], provider


def test_somebody_who_looks_whether_we_are_there_hears_that_we_are() -> None:
    for adapter in ADAPTERS.values():
        asked = replace(bring.as_json({}), method="HEAD")
        answer = adapter.challenge(line_of(adapter.provider), asked)
        assert answer is not None
        assert answer.status == 200
