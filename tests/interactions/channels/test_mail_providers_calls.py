"""Mail providers whom we call: to send, to ask what became of it, and for mail that they keep for us."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ccx.kernel.events.effects import CredentialsRefusedError, RefusedEffectError, TemporaryEffectError
from interactions.channels.contract import CannotAskError, Outgoing, OutgoingFile
from interactions.channels.email.adapters import MAIL_ADAPTERS
from interactions.channels.email.esp import EspAdapter
from interactions.channels.email.esp_ses import signed
from interactions.channels.email.reading import parse
from tests.factories import mailproviders as bring
from tests.factories.mailproviders import SIGNERS, line_of
from tests.factories.mailservers import a_mail
from tests.factories.webservers import Heard, Said, StandIn, stand_in

ADAPTERS: dict[str, EspAdapter] = {
    adapter.provider: adapter for adapter in MAIL_ADAPTERS if isinstance(adapter, EspAdapter)
}
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
REFERENCE = UUID("11111111-2222-3333-4444-555555555555")
RAW = a_mail("Where is it?", number=7)
PICTURE = b"\x89PNG\r\n\x1a\n\x00\xff"
OUTGOING = Outgoing(
    reference=REFERENCE,
    recipient="ann@example.test",
    subject="My order",
    body="It leaves tomorrow.",
    interaction_id=7,
    thread=("<m7@example.test>",),
    copies=("bo@example.test",),
    files=(OutgoingFile(name="a.png", content_type="image/png", size=8, read=lambda: PICTURE, url=str),),
)


def said(told: Any, status: int = 200) -> Said:
    return Said(status, json.dumps(told).encode(), {"content-type": "application/json"})


def sent(provider: str, answer: Any) -> StandIn:
    with stand_in(answer if isinstance(answer, Said) else said(answer)) as server:
        ADAPTERS[provider].send(line_of(provider, api_url=server.url), OUTGOING)
    return server


def test_a_mail_leaves_with_its_thread_its_way_back_its_copy_and_its_file() -> None:
    queued = {"id": "<g1@ccx.test>", "message": "Queued. Thank you."}
    (heard,) = sent("mailgun", queued).heard
    for part in (
        b"ann@example.test",
        b"bo@example.test",
        b"<m7@example.test>",
        b"help+7",
        b"111111112222333344445555",
        PICTURE,
        b"It leaves tomorrow.",
    ):
        assert part in heard.body
    (heard,) = sent("postmark", {"ErrorCode": 0, "Message": "OK", "MessageID": "p1", "To": "ann@example.test"}).heard
    told = json.loads(heard.body)
    named = {one["Name"].lower(): one["Value"] for one in told["Headers"]}
    assert heard.headers["x-postmark-server-token"] == "token-2"
    assert (named["x-pm-keepid"], named["in-reply-to"]) == ("true", "<m7@example.test>")
    assert told["ReplyTo"].startswith("help+7")
    assert told["Metadata"] == {"ccx": str(REFERENCE), "ccx_to": "ann@example.test"}
    assert base64.b64decode(told["Attachments"][0]["Content"]) == PICTURE


def test_amazon_gets_the_mail_itself_under_its_signature() -> None:
    (heard,) = sent("ses", {"MessageId": "s1"}).heard
    told = json.loads(heard.body)
    mail = parse(base64.b64decode(told["Content"]["Raw"]["Data"]))
    assert (mail.subject, mail.answers[0]) == ("Re: My order", "<m7@example.test>")
    assert [file.content for file in mail.files] == [PICTURE]
    assert told["Destination"] == {"ToAddresses": ["ann@example.test"], "CcAddresses": ["bo@example.test"]}
    assert "Credential=AKIDEXAMPLE/" in heard.headers["authorization"]
    assert "/eu-central-1/ses/aws4_request" in heard.headers["authorization"]


def test_the_signature_for_amazon_is_that_of_its_own_example() -> None:
    line = line_of("ses", region="us-east-1")
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    line = replace(line, secrets={"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": key})
    moment = datetime(2013, 5, 24, tzinfo=UTC)
    url = "https://examplebucket.s3.amazonaws.com/?lifecycle="
    made = signed(line, "GET", url, b"", service="s3", now=moment)["authorization"]
    assert made.endswith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")


@pytest.mark.parametrize(
    ("provider", "answer", "error"),
    [
        ("mandrill", said({"status": "error", "code": -1, "name": "Invalid_Key"}, 500), CredentialsRefusedError),
        ("mandrill", said({"status": "error", "code": -2, "name": "ValidationError"}, 500), RefusedEffectError),
        ("mandrill", said([{"email": "ann@example.test", "status": "rejected", "_id": "1"}]), RefusedEffectError),
        ("postmark", said({"ErrorCode": 300, "Message": "Invalid 'To'"}, 422), RefusedEffectError),
        ("mailgun", said({"message": "Forbidden"}, 401), CredentialsRefusedError),
        ("postal", said({"status": "error", "data": {"code": "NoFrom"}}), RefusedEffectError),
        ("sendgrid", said({"errors": [{"message": "over quota"}]}, 429), TemporaryEffectError),
    ],
)
def test_what_a_provider_answers_becomes_one_of_ours(provider: str, answer: Said, error: type[Exception]) -> None:
    with pytest.raises(error):
        sent(provider, answer)


def test_a_refusal_is_told_in_the_providers_words_and_a_check_shows_them() -> None:
    with stand_in(said({"ErrorCode": 400, "Message": "Sender signature not confirmed"}, 422)) as server:
        steps = list(ADAPTERS["postmark"].check(line_of("postmark", api_url=server.url)))
    assert [step.is_well for step in steps] == [True, False]
    assert "Sender signature not confirmed" in steps[1].told
    bare = bring.without(line_of("postmark"), "server_token")
    (step,) = ADAPTERS["postmark"].check(bare)
    assert "Server API token" in step.told


def test_a_lost_answer_is_asked_for_where_the_provider_can_be_asked() -> None:
    def log(heard: Heard) -> Said:
        is_known = "message-id=11111111222233334444555555555555." in heard.path
        return said({"items": [{"event": "delivered"}, {"event": "accepted"}] if is_known else []})

    with stand_in(log) as server:
        line = line_of("mailgun", api_url=server.url)
        report = ADAPTERS["mailgun"].look_up(line, OUTGOING, since=NOW)
        assert report is not None
        assert report.state == "delivered"
        assert ADAPTERS["mailgun"].look_up(line, replace(OUTGOING, reference=UUID(int=1)), since=NOW) is None
    with stand_in(said({"Messages": [{"MessageID": "p1"}]})) as server:
        report = ADAPTERS["postmark"].look_up(line_of("postmark", api_url=server.url), OUTGOING, since=NOW)
        assert report is not None
        assert (report.provider_id, report.state) == ("p1", "sent")
        assert f"metadata_ccx={REFERENCE}" in server.heard[0].path
    with pytest.raises(CannotAskError):
        ADAPTERS["brevo"].look_up(line_of("brevo"), OUTGOING, since=NOW)


HEADS = {"From": "Ann <ann@example.test>", "To": "help@ccx.test", "Subject": "My order", "Message-ID": "<m7@x.test>"}
FILE = {"Name": "a.png", "ContentType": "image/png", "DownloadToken": "t/1"}
S3 = {"action": {"type": "S3", "bucketName": "mails", "objectKey": "in/1"}, "recipients": ["help@ccx.test"]}
# What each brings, and the name of the setting that says where its mail is kept.
KEPT: dict[str, tuple[Any, str]] = {
    "brevo": ({"items": [{"Headers": HEADS, "RawTextBody": "Where is it?", "Attachments": [FILE]}]}, "api_url"),
    "resend": ({"type": "email.received", "data": {"email_id": "r1"}}, "api_url"),
    "mailtrap": (
        {"events": [{"event": "inbound.message_received", "inbox_id": 5, "message_id": "mt1"}]},
        "inbound_api_url",
    ),
    "ses": ({"notificationType": "Received", "receipt": S3, "mail": {}}, "api_url"),
}


@pytest.mark.parametrize("provider", KEPT)
def test_mail_that_a_provider_keeps_is_fetched_and_asked_for_again_where_that_fails(provider: str) -> None:
    payload, setting = KEPT[provider]
    is_up = True

    def provide(heard: Heard) -> Said:
        if not is_up:
            return Said(503)
        if heard.path in {"/raw", "/mails/in/1"}:
            return Said(200, RAW)
        if "attachments" in heard.path:
            return Said(200, PICTURE)
        return said({"raw": {"download_url": f"{server.url}/raw"}, "raw_message_url": f"{server.url}/raw"})

    with stand_in(provide) as server:
        adapter, line = ADAPTERS[provider], line_of(provider, **{setting: server.url})
        request = SIGNERS[provider](payload)
        parsed = adapter.parse(line, request, received_at=NOW)
        (raw,) = parsed.mails
        mail = parse(raw)
        assert (mail.sender, mail.subject, mail.text) == ("ann@example.test", "My order", "Where is it?")
        assert [file.content for file in mail.files] == ([PICTURE] if provider == "brevo" else [])
        assert parsed.broken == ()
        is_up = False
        with pytest.raises(TemporaryEffectError):
            adapter.parse(line, request, received_at=NOW)
