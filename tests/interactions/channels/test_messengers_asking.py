"""SMS and Telegram: what the provider is told when we send, ask and fetch, and to whom our credentials go."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ccx.kernel.events.effects import CredentialsRefusedError, RefusedEffectError, TemporaryEffectError
from interactions.channels.contract import CannotAskError, RemoteFile
from tests.factories.webservers import Heard, Said, stand_in
from tests.interactions.channels.kit import line_for
from tests.interactions.channels.kits.messengers import SmsKit, TelegramKit, said
from tests.interactions.channels.test_messengers_sending import (
    PICTURE,
    REFERENCE,
    adapter_of,
    checks,
    fields,
    line_at,
    login,
    outgoing,
    routes,
    send,
)

SINCE = datetime(2026, 11, 28, 12, tzinfo=UTC)
SMS, TELEGRAM = SmsKit(), TelegramKit()
ACCOUNT = "/2010-04-01/Accounts/AC00000000000000000000000000000001"


def test_a_text_message_names_the_address_at_which_we_hear_of_it() -> None:
    with stand_in(SMS.accepted) as server:
        assert send(SMS, server) == SMS.provider_id
        send(SMS, server, settings={"messaging_service_sid": "MG1", "mms": True}, files=(PICTURE,), body="")
        with pytest.raises(RefusedEffectError):
            send(SMS, server, files=(PICTURE,))
    first, second = server.heard
    assert first.path == f"{ACCOUNT}/Messages.json"
    assert login(first) == "AC00000000000000000000000000000001:auth-token-of-tests"
    told = fields(first)
    callback = told.pop("StatusCallback")[0]
    assert told == {"To": ["+4915112345678"], "From": ["+15550001111"], "Body": ["It is on its way."]}
    assert callback.endswith(f"/in/018f3c9e-0000-7000-8000-000000000001/?reference={REFERENCE}")
    assert fields(second)["MessagingServiceSid"] == ["MG1"]
    assert fields(second)["MediaUrl"] == ["https://ours.example/f"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, 21610, RefusedEffectError),
        (401, 20003, CredentialsRefusedError),
        (400, 21606, CredentialsRefusedError),
        (429, 20429, TemporaryEffectError),
        (400, 21611, TemporaryEffectError),
    ],
)
def test_twilios_own_codes_say_whether_to_try_again(status: int, code: int, error: type[Exception]) -> None:
    with stand_in(said({"code": code, "message": "No."}, status)) as server, pytest.raises(error) as raised:
        send(SMS, server)
    assert (type(raised.value), str(raised.value)) == (error, f"No. ({code})")


def row(sid: str, at: datetime, **more: Any) -> dict[str, Any]:
    told = {"sid": sid, "direction": "outbound-api", "body": "It is on its way.", "status": "delivered"}
    dates = {"date_created": format_datetime(at), "date_updated": format_datetime(at)}
    return {**told, **dates, "error_code": None, "num_media": "0", "from": "+4915112345678", **more}


def test_a_lost_answer_is_looked_up_in_the_providers_list() -> None:
    others = [
        row("SM1", SINCE - timedelta(minutes=1)),
        row("SM3", SINCE, direction="inbound"),
        row("SM4", SINCE, date_created="yesterday"),
    ]
    adapter = adapter_of(SMS)

    def look_up(*rows: dict[str, Any]) -> Any:
        with stand_in(routes(Messages={"messages": list(rows)})) as server:
            return adapter.look_up(line_at(SMS, server), outgoing(SMS), since=SINCE)

    assert look_up(*others) is None
    found = look_up(*others, row("SM5", SINCE, status="undelivered", error_code=30003))
    assert (found.provider_id, found.state, found.error_code) == ("SM5", "failed", "30003")
    assert look_up(row("SM5", SINCE, status="queued")).state == "sent"
    another = row("SM2", SINCE, body="Something else")
    assert look_up(another, row("SM5", SINCE)).provider_id == "SM5"
    # Perhaps ours with other letters; perhaps another one's.
    for several in ((row("SM5", SINCE), row("SM6", SINCE)), (another,)):
        with pytest.raises(CannotAskError):
            look_up(*several)


def test_what_came_while_we_were_down_is_asked_for_page_by_page() -> None:
    def incoming(sid: str, body: str, at: datetime = SINCE, **more: Any) -> dict[str, Any]:
        return row(sid, at, direction="inbound", body=body, status="received", **more)

    first = [incoming("SM1", "Hello"), row("SM2", SINCE), incoming("SM3", "Too old", SINCE - timedelta(hours=1))]
    second = [incoming("SM4", "STOP"), incoming("SM5", "", num_media="1"), {"sid": 7, "direction": []}]
    media = [{"uri": f"{ACCOUNT}/Messages/SM5/Media/ME1.json", "content_type": "image/jpeg"}]

    def answer(heard: Heard) -> Said:
        if "Media" in heard.path:
            return said({"media_list": media})
        if "Page=1" in heard.path:
            return said({"messages": second, "next_page_uri": "https://evil.example/"})
        return said({"messages": first, "next_page_uri": f"{ACCOUNT}/Messages.json?Page=1"})

    with stand_in(answer) as server:
        found = list(adapter_of(SMS).missed(line_at(SMS, server), since=SINCE))
        base = server.url
    assert [one.contact.body for parsed in found for one in parsed.arrived] == ["Hello", ""]
    (file,) = next(one.files for parsed in found for one in parsed.arrived if one.files)
    assert isinstance(file, RemoteFile)
    assert file.reference["url"] == f"{base}{ACCOUNT}/Messages/SM5/Media/ME1"
    assert [one.is_given for parsed in found for one in parsed.consents] == [False]
    assert len([parsed for parsed in found if parsed.broken]) == 1


def test_a_file_of_sms_leads_on_to_stores_of_the_provider_only_and_they_hear_no_password() -> None:
    with stand_in(Said(200, b"stolen")) as thief:

        def answer(heard: Heard) -> Said:
            to = {"/media/ok": f"{server.url}/store", "/media/bad": f"{thief.url}/x", "/media/odd": "https://["}
            if heard.path in to:
                return Said(307, b"", {"location": to[heard.path]})
            return Said(200, b"\xff\xd8\xff", {"content-type": "image/jpeg"})

        with stand_in(answer) as server:
            line = line_at(SMS, server)
            found = adapter_of(SMS).fetch(line, {"url": f"{server.url}/media/ok", "name": "a.jpg"}, max_bytes=9)
            assert (found.content, found.content_type) == (b"\xff\xd8\xff", "image/jpeg")
            assert "authorization" in server.heard[0].headers
            assert "authorization" not in server.heard[1].headers
            bad = ("/media/bad", "/media/odd")
            for url in (f"{thief.url}/x", *(server.url + path for path in bad), "https://[", ""):
                with pytest.raises(RefusedEffectError):
                    adapter_of(SMS).fetch(line, {"url": url, "name": "a"}, max_bytes=9)
    assert thief.heard == []


def test_trying_a_line_of_sms_says_what_is_wrong_with_the_number() -> None:
    account = {"status": "active", "friendly_name": "Shop"}
    number = {"capabilities": {"sms": True}, "sms_url": "https://old.example/"}

    def answer(*numbers: dict[str, Any]) -> Callable[[Heard], Said]:
        told = {"IncomingPhoneNumbers": {"incoming_phone_numbers": list(numbers)}}
        return routes(AC00000000000000000000000000000001=account, **told)

    assert checks(SMS, answer())[1] == (False, "The account has no number +1 (555) 000-1111.")
    is_well, told = checks(SMS, answer(number))[1]
    assert (is_well, "https://old.example/" in told) == (False, True)
    with stand_in() as server:
        ours = line_at(SMS, server).webhook_url
    assert checks(SMS, answer(number | {"sms_url": ours})) == [(True, "Shop"), (True, "+1 (555) 000-1111")]
    refused = checks(SMS, lambda _heard: said({"code": 20003, "message": "Authenticate"}, 401))
    assert refused[0][0] is False
    assert "Authenticate" in refused[0][1]


# Telegram


def test_words_and_files_go_to_telegram() -> None:
    with stand_in(TELEGRAM.accepted) as server:
        assert send(TELEGRAM, server) == "4711:9"
        send(TELEGRAM, server, files=(PICTURE,), body="See here")
        with pytest.raises(RefusedEffectError):
            send(TELEGRAM, server, body="😀" * 2049)
    words, picture = server.heard
    assert words.path == "/bot123456:token-of-tests/sendMessage"
    assert json.loads(words.body) == {"chat_id": "4711", "text": "It is on its way."}
    assert picture.path.endswith("/sendPhoto")
    assert b"See here" in picture.body


@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (403, "Forbidden: bot was blocked by the user", RefusedEffectError),
        (400, "Bad Request: chat not found", RefusedEffectError),
        (401, "Unauthorized", CredentialsRefusedError),
        (404, "Not Found", CredentialsRefusedError),
        (429, "Too Many Requests: retry after 7", TemporaryEffectError),
    ],
)
def test_telegrams_answers_say_whether_to_try_again_and_never_the_token(
    status: int, told: str, error: type[Exception]
) -> None:
    answer = said({"ok": False, "description": told, "parameters": {"retry_after": 7}}, status)
    with stand_in(answer) as server, pytest.raises(error) as raised:
        send(TELEGRAM, server)
    assert (type(raised.value), str(raised.value)) == (error, f"{told} ({status})")
    assert getattr(raised.value, "retry_after", None) == (7.0 if status == 429 else None)
    with TELEGRAM.standing("down") as (settings, _server), pytest.raises(TemporaryEffectError) as away:
        adapter_of(TELEGRAM).send(line_for(TELEGRAM, **settings), outgoing(TELEGRAM))
    assert "token-of-tests" not in repr(away.value)


def test_a_file_of_telegram_is_fetched_by_the_path_that_its_id_gives() -> None:
    def answer(heard: Heard) -> Said:
        if heard.path.endswith("/getFile"):
            path = json.loads(heard.body)["file_id"]
            return said({"ok": True, "result": {"file_path": path, "file_size": 5 if path != "large" else 10**9}})
        return Said(200, b"%PDF-", {"content-type": "application/pdf"})

    with stand_in(answer) as server:
        line, adapter = line_at(TELEGRAM, server), adapter_of(TELEGRAM)
        found = adapter.fetch(line, {"file_id": "documents/7.pdf", "name": "bill.pdf"}, max_bytes=100)
        assert (found.name, found.content) == ("bill.pdf", b"%PDF-")
        for path in ("large", "../../other", "a/../b"):
            with pytest.raises(RefusedEffectError):
                adapter.fetch(line, {"file_id": path}, max_bytes=100)
    assert server.heard[1].path == "/file/bot123456:token-of-tests/documents/7.pdf"
    assert len(server.heard) == 5


def test_trying_a_bot_tells_telegram_where_we_are() -> None:
    before = {"url": "", "pending_update_count": 0}
    answers = {"getMe": {"ok": True, "result": {"username": "shop_bot"}}, "setWebhook": {"ok": True, "result": True}}
    with stand_in(routes(**answers, getWebhookInfo={"ok": True, "result": before})) as server:
        steps = list(adapter_of(TELEGRAM).check(line_at(TELEGRAM, server)))
        ours = line_at(TELEGRAM, server).webhook_url
    assert [(one.is_well, one.told) for one in steps] == [
        (True, "@shop_bot"),
        (True, "Telegram knows our address from now on."),
    ]
    told = json.loads(server.heard[2].body)
    assert (told["url"], told["secret_token"]) == (ours, "secret-of-tests")
    assert told["allowed_updates"] == ["message", "edited_message", "callback_query", "message_reaction"]
    trouble = {"url": ours, "pending_update_count": 3, "last_error_message": "Connection refused"}
    failed = checks(TELEGRAM, routes(**answers, getWebhookInfo={"ok": True, "result": trouble}))
    assert failed[1] == (False, "Telegram cannot reach us: Connection refused")
    assert checks(TELEGRAM, lambda _heard: said({"description": "Not Found"}, 404))[0][0] is False
