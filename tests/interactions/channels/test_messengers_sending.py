"""What providers of messengers are told when we send, ask and fetch, and to whom our credentials go."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.utils import timezone

from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    RefusedEffectError,
    TemporaryEffectError,
)
from interactions.channels.contract import Adapter, CannotAskError, Line, Outgoing, OutgoingFile
from interactions.channels.registry import BY_KEY
from tests.factories.webservers import Heard, Said, StandIn, stand_in
from tests.interactions.channels.kit import Kit, line_for
from tests.interactions.channels.kits.messengers import (
    FacebookKit,
    InstagramKit,
    SmsKit,
    TelegramKit,
    WhatsAppKit,
    said,
)

REFERENCE = UUID("01a22063-60c4-76b0-a123-7b5998754224")
SINCE = datetime(2026, 11, 28, 12, tzinfo=UTC)
TEMPLATE = {"name": "shipped", "language": "en", "text": "Hi {{1}}, it left on {{2}}.", "parameters": 2}
PICTURE = OutgoingFile(
    name="crack.png", content_type="image/png", size=4, read=lambda: b"\x89PNG", url=lambda: "https://ours.example/f"
)
SOUND = OutgoingFile(name="a.mp3", content_type="audio/mpeg", size=3, read=lambda: b"ID3", url=lambda: "https://o/f")


def adapter_of(kit: Kit) -> Adapter:
    return BY_KEY[kit.channel.value, kit.provider]


def outgoing(kit: Kit, **changes: Any) -> Outgoing:
    told = {"body": "It is on its way.", "recipient": kit.recipient, "last_heard_at": timezone.now()}
    return Outgoing(reference=REFERENCE, **told | changes)


def send(kit: Kit, server: StandIn, *, settings: dict[str, Any] | None = None, **changes: Any) -> str:
    line = line_for(kit, **{"api_base": server.url, **(settings or {})})
    return adapter_of(kit).send(line, outgoing(kit, **changes)).provider_id


def body_of(heard: Heard) -> Any:
    return json.loads(heard.body)


def routes(**answers: Any) -> Callable[[Heard], Said]:
    """Answers by the end of the path; what nobody asked for in the test is refused."""

    def answer(heard: Heard) -> Said:
        path = urlsplit(heard.path).path.removesuffix(".json")
        found = answers.get(path.rpartition("/")[2].replace("-", "_"))
        return found(heard) if callable(found) else said(found) if found is not None else Said(404, b"{}")

    return answer


# WhatsApp


def test_words_go_to_whatsapp_with_our_reference_and_the_lines_token() -> None:
    kit = WhatsAppKit()
    with stand_in(kit.accepted) as server:
        assert send(kit, server) == "wamid.THEIRS1"
    (heard,) = server.heard
    assert heard.path == "/v25.0/106540352242922/messages"
    assert heard.headers["authorization"] == "Bearer access-token-of-tests"
    assert body_of(heard) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "4915112345678",
        "biz_opaque_callback_data": str(REFERENCE),
        "type": "text",
        "text": {"body": "It is on its way.", "preview_url": False},
    }


def test_a_person_without_a_number_is_written_to_by_their_id() -> None:
    kit = WhatsAppKit()
    with stand_in(kit.accepted) as server:
        send(kit, server, recipient="US.134")
    told = body_of(server.heard[0])
    assert (told.get("to"), told["recipient"]) == (None, "US.134")


@pytest.mark.parametrize("hours", [24, 100, None])
def test_after_a_day_only_a_template_goes_to_whatsapp(hours: int | None) -> None:
    kit = WhatsAppKit()
    heard_at = timezone.now() - timedelta(hours=hours) if hours else None
    template = {"name": "shipped", "language": "en", "parameters": ["Ada", "Monday"]}
    with stand_in(kit.accepted) as server:
        with pytest.raises(RefusedEffectError):
            send(kit, server, last_heard_at=heard_at)
        assert server.heard == []
        send(kit, server, settings={"templates": [TEMPLATE]}, last_heard_at=heard_at, template=template)
    assert body_of(server.heard[0])["template"] == {
        "name": "shipped",
        "language": {"code": "en"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "Monday"}]}
        ],
    }


@pytest.mark.parametrize(
    "template",
    [
        {"name": "unknown", "language": "en", "parameters": []},
        {"name": "shipped", "language": "de", "parameters": ["Ada", "Monday"]},
        {"name": "shipped", "language": "en", "parameters": ["Ada"]},
        {"name": "shipped", "language": "en", "parameters": ["Ada", " "]},
        {"name": "shipped", "language": "en", "parameters": ["Ada", "Mon\nday"]},
    ],
)
def test_a_template_that_whatsapp_would_refuse_is_not_sent(template: dict[str, Any]) -> None:
    with stand_in() as server, pytest.raises(RefusedEffectError):
        send(WhatsAppKit(), server, settings={"templates": [TEMPLATE]}, template=template)
    assert server.heard == []


def test_a_file_is_brought_to_whatsapp_before_the_message_that_shows_it() -> None:
    with stand_in(routes(media={"id": "77"}, messages={"messages": [{"id": "wamid.1"}]})) as server:
        send(WhatsAppKit(), server, files=(PICTURE,), body="See here")
        with pytest.raises(RefusedEffectError):
            send(WhatsAppKit(), server, files=(SOUND,), body="Hear here")
    assert b"crack.png" in server.heard[0].body
    told = body_of(server.heard[1])
    assert (told["type"], told["image"]) == ("image", {"id": "77", "caption": "See here"})
    assert len(server.heard) == 2


@pytest.mark.parametrize(
    ("status", "fault", "error"),
    [
        (400, {"code": 131047, "message": "Re-engagement message"}, RefusedEffectError),
        (400, {"code": 130429, "message": "Rate limit hit"}, TemporaryEffectError),
        (400, {"code": 190, "message": "Token expired"}, CredentialsRefusedError),
        (403, {"code": 10, "message": "No permission"}, CredentialsRefusedError),
        (403, {"code": 10, "error_subcode": 2018278, "message": "Outside the window"}, RefusedEffectError),
        (500, {"code": 131000, "message": "Something went wrong"}, OutcomeIsUnknownError),
    ],
)
def test_metas_own_codes_say_whether_to_try_again(status: int, fault: dict[str, Any], error: type[Exception]) -> None:
    with stand_in(said({"error": fault}, status)) as server, pytest.raises(error) as raised:
        send(WhatsAppKit(), server)
    assert type(raised.value) is error
    assert str(raised.value) == f"{fault['message']} ({fault['code']})"


def test_a_success_without_an_id_is_no_success() -> None:
    for kit in (WhatsAppKit(), FacebookKit(), InstagramKit(), TelegramKit(), SmsKit()):
        with stand_in(said({})) as server, pytest.raises(OutcomeIsUnknownError):
            send(kit, server)


def test_a_file_of_whatsapp_is_fetched_from_its_hosts_only_and_no_other_hears_our_token() -> None:
    with stand_in(Said(200, b"stolen")) as thief:

        def answer(heard: Heard) -> Said:
            if heard.path.endswith("/bad"):
                return said({"url": f"{thief.url}/x"})
            return Said(200, b"OggS", {"content-type": "audio/ogg"}) if heard.path == "/file" else good

        with stand_in(answer) as server:
            good = said({"url": f"{server.url}/file", "file_size": 4})
            line = line_for(WhatsAppKit(), api_base=server.url)
            adapter = adapter_of(WhatsAppKit())
            found = adapter.fetch(line, {"media": "77", "name": "voice.ogg"}, max_bytes=100)
            assert (found.name, found.content_type, found.content) == ("voice.ogg", "audio/ogg", b"OggS")
            for reference in ({"media": "bad"}, {"media": "../me"}, {"media": ""}):
                with pytest.raises(RefusedEffectError):
                    adapter.fetch(line, reference | {"name": "x"}, max_bytes=3)
    assert thief.heard == []


@pytest.mark.parametrize("kit", [FacebookKit(), InstagramKit()], ids=lambda kit: kit.channel.slug)
def test_a_page_fetches_from_metas_hosts_only_and_tells_nobody_who_it_is(kit: Kit) -> None:
    with stand_in(Said(200, b"GIF89a", {"content-type": "image/gif"})) as server:
        line = line_for(kit, api_base=server.url)
        adapter_of(kit).fetch(line, {"url": f"{server.url}/a.gif", "name": "a.gif"}, max_bytes=100)
        assert "authorization" not in server.heard[0].headers
        for url in (
            "https://evil.example/a",
            "https://fbcdn.net.evil.example/a",
            "https://evilfbcdn.net/a",
            "http://scontent.fbcdn.net/a",
            "https://x@scontent.fbcdn.net/a",
            "https://scontent.fbcdn.net:8443/a",
            "file:///etc/passwd",
            "https://[",
            "",
        ):
            with pytest.raises(RefusedEffectError):
                adapter_of(kit).fetch(line, {"url": url, "name": "a"}, max_bytes=100)
    assert len(server.heard) == 1


def template(name: str, text: str, **more: Any) -> dict[str, Any]:
    parts = [{"type": "BODY", "text": text}, *more.pop("parts", [])]
    return {"name": name, "language": "en", "status": "APPROVED", "category": "UTILITY", "components": parts, **more}


def test_templates_that_words_can_fill_are_read_page_by_page() -> None:
    pages = [
        {
            "data": [template("a", "Hi {{1}} and {{2}}"), template("b", "No", status="REJECTED")],
            "paging": {"cursors": {"after": "next-1"}, "next": "https://evil.example/"},
        },
        {
            "data": [
                template("c", "Hi {{first_name}}", parameter_format="NAMED"),
                template("d", "See", parts=[{"type": "HEADER", "format": "IMAGE"}]),
                template(
                    "e", "Go", parts=[{"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]}]
                ),
            ]
        },
    ]

    def answer(heard: Heard) -> Said:
        return said(pages[1] if "after=next-1" in heard.path else pages[0])

    with stand_in(answer) as server:
        found = adapter_of(WhatsAppKit()).ask_templates(line_for(WhatsAppKit(), api_base=server.url))
    assert [(one["name"], one["parameters"], one["names"]) for one in found] == [("a", 2, []), ("c", 1, ["first_name"])]
    line = line_for(WhatsAppKit(), templates=found)
    assert [slot.name for slot in adapter_of(WhatsAppKit()).capabilities(line).templates] == ["a", "c"]


def checks(kit: Kit, answer: Callable[[Heard], Said], **settings: Any) -> list[tuple[bool, str]]:
    with stand_in(answer) as server:
        line = line_for(kit, api_base=server.url, **settings)
        return [(one.is_well, one.told) for one in adapter_of(kit).check(line)]


def test_trying_a_line_of_whatsapp_says_where_it_calls() -> None:
    ours = line_for(WhatsAppKit()).webhook_url
    number = {"display_phone_number": "+1 555", "verified_name": "Shop", "webhook_configuration": {"application": ours}}
    answer = routes(**{"106540352242922": number, "message_templates": {"data": [template("a", "Hi")]}})
    assert checks(WhatsAppKit(), answer) == [(True, "+1 555 Shop"), (True, ""), (True, "1 can be used.")]
    elsewhere = number | {"webhook_configuration": {"application": "https://old.example/"}}
    steps = checks(WhatsAppKit(), routes(**{"106540352242922": elsewhere}), waba_id="")
    assert steps[1][0] is False
    assert "https://old.example/" in steps[1][1]
    assert ours in steps[1][1]


# Messenger and Instagram


def test_words_to_a_page_go_by_right_of_the_window_or_of_people() -> None:
    kit, days = FacebookKit(), timedelta(days=1)
    with stand_in(kit.accepted) as server:
        send(kit, server)
        send(kit, server, settings={"human_agent": True}, last_heard_at=timezone.now() - 3 * days)
        for settings, silence in (({}, 3 * days), ({"human_agent": True}, 8 * days)):
            with pytest.raises(RefusedEffectError):
                send(kit, server, settings=settings, last_heard_at=timezone.now() - silence)
    first, second = map(body_of, (one for one in server.heard))
    assert server.heard[0].path == "/v25.0/1906385232743451/messages"
    assert first == {
        "recipient": {"id": "5521988887777"},
        "messaging_type": "RESPONSE",
        "message": {"text": "It is on its way.", "metadata": str(REFERENCE)},
    }
    assert (second["messaging_type"], second["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_a_file_to_messenger_is_brought_first_and_one_to_instagram_is_fetched_by_it() -> None:
    with stand_in(routes(message_attachments={"attachment_id": "5"}, messages={"message_id": "m1"})) as server:
        send(FacebookKit(), server, files=(PICTURE,), body="")
        send(InstagramKit(), server, files=(PICTURE,), body="")
        for kit in (FacebookKit(), InstagramKit()):
            with pytest.raises(RefusedEffectError):
                send(kit, server, files=(PICTURE,))
    attached = [body_of(one)["message"]["attachment"] for one in server.heard[1:]]
    assert attached == [
        {"type": "image", "payload": {"attachment_id": "5"}},
        {"type": "image", "payload": {"url": "https://ours.example/f"}},
    ]


def test_instagram_counts_bytes() -> None:
    kit = InstagramKit()
    assert adapter_of(kit).capabilities(line_for(kit)).counts == "bytes"
    with stand_in(kit.accepted) as server:
        send(kit, server, body="ä" * 500)
        with pytest.raises(RefusedEffectError):
            send(kit, server, body="ä" * 501)


def told_before(*messages: tuple[str, str, datetime]) -> Callable[[Heard], Said]:
    rows = [
        {"id": f"m{at}", "from": {"id": who}, "message": text, "created_time": when.isoformat()}
        for at, (who, text, when) in enumerate(messages)
    ]
    return routes(conversations={"data": [{"messages": {"data": rows}}]})


def test_a_lost_answer_is_looked_up_among_what_the_page_has_said() -> None:
    kit, words = FacebookKit(), "It is on its way."
    others = [
        ("page", "Something else", SINCE),
        (kit.recipient, words, SINCE),
        ("page", words, SINCE - timedelta(minutes=1)),
    ]
    adapter, ours = adapter_of(kit), ("page", words, SINCE + timedelta(seconds=1))

    def look_up(*messages: tuple[str, str, datetime]) -> Any:
        with stand_in(told_before(*messages)) as server:
            return adapter.look_up(line_for(kit, api_base=server.url), outgoing(kit), since=SINCE)

    assert look_up(*others) is None
    found = look_up(*others, ours)
    assert (found.provider_id, found.state) == ("m3", "sent")
    with pytest.raises(CannotAskError):
        look_up(ours, ours)
    with pytest.raises(CannotAskError):
        adapter_of(WhatsAppKit()).look_up(line_for(WhatsAppKit()), outgoing(WhatsAppKit()), since=SINCE)


# What the tests of the other two share


def login(heard: Heard) -> str:
    return base64.b64decode(heard.headers["authorization"].removeprefix("Basic ")).decode()


def fields(heard: Heard) -> dict[str, list[str]]:
    return parse_qs(heard.body.decode())


def line_at(kit: Kit, server: StandIn, **settings: Any) -> Line:
    return line_for(kit, api_base=server.url, **settings)
