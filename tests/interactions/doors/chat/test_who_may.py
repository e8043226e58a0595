"""Who is who in a chat, and what nobody else gets: tokens, sites, the site's word on its users, limits."""

import pytest
from django.test import Client

from ccx.kernel.access.rates import Rate
from interactions.cases.models import Interaction
from interactions.channels.chat.line import origin_of, read_line
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Customer, Identity
from interactions.doors.chat import edge, views
from interactions.doors.models import ChatDevice, ChatVisitor
from interactions.intake.services import receive
from interactions.models import Inbox
from tests.factories.contacts import Centre, claim, contact
from tests.factories.visitors import SHOP, Visitor, open_line, signed
from tests.interactions.doors.chat.test_talking import PNG, second_line

READS = ["state"]
WRITES = {
    "messages": {"id": "01a22000-0000-7000-8000-000000000000", "body": "x"},
    "typing": {},
    "shown": {"seq": 1},
    "email": {"email": "a@example.test"},
    "page": {"url": SHOP, "title": ""},
    "end": {},
}


@pytest.fixture
def line(centre: Centre) -> Inbox:
    return open_line(centre.chat)


def test_only_a_token_of_this_line_opens_anything(line: Inbox, centre: Centre) -> None:
    theirs = Visitor(open_line(second_line(centre)))
    theirs.begin()
    ended = Visitor(line)
    ended.begin()
    ChatDevice.objects.filter(visitor__inbox=line).update(ended_at="2026-01-01T00:00Z")
    for token in ("", "guessed", theirs.token, ended.token, "x" * 5_000, "é"):
        stranger = Visitor(line, token=token)
        for path in READS:
            assert stranger.ask(path).status_code == 401
        for path, body in WRITES.items():
            assert stranger.ask(path, body).status_code == 401, (path, token)
        assert stranger.upload(PNG).status_code == 401
    assert not Interaction.objects.exists()


def test_no_token_is_kept_in_the_clear(line: Inbox) -> None:
    visitor = Visitor(line)
    visitor.begin()
    assert len(visitor.token) >= 43
    assert visitor.token not in str(ChatDevice.objects.values_list())


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://shop.example", f"{SHOP}.evil.example", f"{SHOP}:8443", "file://"]
)
def test_another_site_gets_no_answer_that_it_could_read(line: Inbox, origin: str) -> None:
    for path in ("config", "state"):
        answer = Visitor(line, origin=origin).ask(path)
        assert (answer.status_code, "Access-Control-Allow-Origin" in answer) == (403, False)
    assert Visitor(line, origin=origin).ask("sessions", {}).status_code == 403
    assert Visitor(line, origin=origin).ask("sessions", method="OPTIONS").status_code == 403


def test_a_site_of_the_line_is_told_by_name_and_never_with_cookies(line: Inbox) -> None:
    asked = Visitor(line).ask("sessions", method="OPTIONS")
    assert (asked.status_code, asked["Access-Control-Allow-Origin"], asked["Access-Control-Max-Age"]) == (
        204,
        SHOP,
        "600",
    )
    for answer in (asked, Visitor(line).ask("config"), Visitor(line).ask("state")):
        assert "Access-Control-Allow-Credentials" not in answer
        assert not answer.cookies
        assert "Origin" in answer["Vary"]
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_line_that_is_not_there_is_no_chat(line: Inbox, centre: Centre) -> None:
    Inbox.objects.filter(pk=line.pk).update(is_active=False)
    for inbox in (line, centre.email):
        assert Visitor(inbox).ask("config").status_code == 404


def test_whoever_types_the_address_of_a_customer_is_nobody(line: Inbox) -> None:
    receive(contact=contact(line, "old", identity=claim("ann@example.test"), body="my secret"), by_id=None)
    visitor = Visitor(line)
    visitor.begin(name="Ann", email="ann@example.test")
    visitor.say("It is me, Ann")
    assert "secret" not in str(visitor.state())
    chat = Interaction.objects.latest("pk")
    assert (chat.assurance, chat.customer.identities.get().kind) == (Assurance.CLAIMED, IdentityKind.VISITOR)
    assert Customer.objects.count() == 2


def test_a_user_the_site_signs_is_the_customer_we_know(line: Inbox) -> None:
    known = receive(contact=contact(line, "old", identity=claim("ann@example.test")), by_id=None)
    visitor = Visitor(line)
    assert visitor.begin(user=signed(line))["visitor"]["is_identified"]
    visitor.say()
    chat = Interaction.objects.latest("pk")
    assert (chat.customer_id, chat.assurance) == (known.customer_id, Assurance.PROVEN)
    assert set(chat.customer.identities.values_list("kind", "assurance")) == {
        ("email", Assurance.ATTESTED),
        ("visitor", Assurance.PROVEN),
        ("account", Assurance.PROVEN),
    }
    elsewhere = Visitor(line)
    assert [said["body"] for said in elsewhere.begin(user=signed(line))["messages"]] == ["Where is my lamp?"]


@pytest.mark.parametrize(
    "change",
    [
        {"signature": ""},
        {"signature": "é" * 64},
        {"id": "43"},
        {"email": "bob@example.test"},
        {"expires": 1},
        {"expires": 4_000_000_000},
        {"id": "42|ann@example.test", "email": ""},
        {"id": None},
        {"expires": "soon"},
    ],
)
def test_a_user_whose_seal_is_not_good_is_a_stranger_without_history(line: Inbox, change: dict[str, object]) -> None:
    ann = Visitor(line)
    ann.begin(user=signed(line))
    ann.say("my secret")
    # Even with Ann's own browser: whoever names a user without the seal does not stay who was here before.
    for token in ("", ann.token):
        other = Visitor(line, token=token)
        state = other.begin(user=signed(line) | change)
        assert not state["visitor"]["is_identified"]
        assert "secret" not in str(state)
        assert other.token != ann.token


def test_two_readings_of_one_signed_text_do_not_make_another_user(line: Inbox) -> None:
    """The parts are joined by a sign that none of them may hold."""
    sly = signed(line, id="42", email="x|boss@example.test")
    moved = sly | {"id": "42|x", "email": "boss@example.test"}
    for user in (sly, moved):
        assert not Visitor(line).begin(user=user)["visitor"]["is_identified"]


def test_a_seal_of_another_line_is_worth_nothing(line: Inbox, centre: Centre) -> None:
    other = open_line(second_line(centre))
    assert not Visitor(line).begin(user=signed(other))["visitor"]["is_identified"]


def test_a_stranger_who_signs_in_keeps_the_chat(line: Inbox) -> None:
    visitor = Visitor(line)
    visitor.begin()
    visitor.say("Hello")
    before = visitor.token
    state = visitor.begin(user=signed(line))
    assert (visitor.token, state["visitor"]["is_identified"], len(state["messages"])) == (before, True, 1)
    # The next one at the same browser is somebody else.
    other = Visitor(line, token=before)
    assert other.begin(user=signed(line, id="7", email="bob@example.test"))["messages"] == []
    assert other.token != before


@pytest.mark.parametrize("kind", ["email", "account"])
def test_a_known_customer_who_signs_in_during_a_chat_is_recognised(line: Inbox, kind: str) -> None:
    value = "ann@example.test" if kind == "email" else f"{line.public_id}:42"
    assurance = Assurance.ATTESTED if kind == "email" else Assurance.PROVEN
    known = receive(contact=contact(line, "old", identity=claim(value, assurance, kind)), by_id=None)
    visitor = Visitor(line)
    visitor.begin()
    visitor.say("Hello")
    visitor.begin(user=signed(line))
    visitor.say("It is me")
    chat = Interaction.objects.latest("pk")
    assert (chat.customer_id, chat.messages.count()) == (known.customer_id, 2)


def test_an_address_that_the_site_signed_stays(line: Inbox) -> None:
    visitor = Visitor(line)
    visitor.begin(user=signed(line))
    assert visitor.ask("email", {"email": "evil@example.test"}).json() == {"email": "ann@example.test"}
    visitor.begin(email="evil@example.test")
    assert visitor.state()["email"] == "ann@example.test"


def test_many_sessions_from_one_address_are_too_many_and_an_office_is_not(
    line: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [Visitor(line).ask("sessions", {}).status_code for _ in range(100)]
    assert made.count(201) >= 60  # a whole office at nine o'clock
    assert 429 in made
    last = Visitor(line).ask("sessions", {})
    assert (last.status_code, int(last["Retry-After"]) >= 1) == (429, True)
    assert last["Access-Control-Allow-Origin"] == SHOP
    assert ChatVisitor.objects.count() < 80


def test_words_come_at_a_human_pace(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "WORDS_RATE", Rate(name="chat-words", per_minute=1, burst=2))
    visitor = Visitor(line)
    visitor.begin()
    assert [visitor.say(f"{number}").status_code for number in range(3)] == [201, 201, 429]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"a": 1, "a": 2}', 400),
        (b"[" * 100, 400),
        (b"\xff", 400),
        (b'{"id": "01a22000-0000-7000-8000-000000000000", "body": "\\u0000"}', 400),
        (b'{"id": "x", "body": "y"}', 400),
        (b'{"id": "01a22000-0000-7000-8000-000000000000", "body": 5}', 400),
        (b'{"id": "01a22000-0000-7000-8000-000000000000", "body": "' + b"y" * 5_001 + b'"}', 400),
        (b'{"id": "01a22000-0000-7000-8000-000000000000", "body": "x", "is_note": true}', 400),
        (b'{"id": "01a22000-0000-7000-8000-000000000000", "body": "  "}', 422),
        (b'{"id": "01a22000-0000-7000-8000-000000000000", "files": ["x"]}', 415),
        (b"x" * 70_000, 413),
    ],
)
def test_a_body_that_is_none_is_refused(line: Inbox, body: bytes, status: int) -> None:
    visitor = Visitor(line)
    visitor.begin()
    headers = {"origin": SHOP, "authorization": f"Bearer {visitor.token}"}
    address = f"/chat/{line.public_id}/messages"
    answer = visitor.client.post(address, body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    form = visitor.client.post(address, {"body": "x"}, headers=headers)
    assert form.status_code == 415
    assert visitor.ask("messages", method="GET").status_code == 405


def test_a_ticket_for_a_file_cannot_be_made_up(line: Inbox, centre: Centre) -> None:
    other = Visitor(open_line(second_line(centre)))
    other.begin()
    ticket = other.upload(PNG).json()["id"]
    visitor = Visitor(line)
    visitor.begin()
    for made_up in (ticket, ticket[:-2], "../../etc/passwd"):
        assert visitor.say(files=[made_up]).status_code == 415


def test_polls_of_one_browser_are_counted(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "DEVICE_RATE", Rate(name="chat-device", per_minute=1, burst=2))
    visitor = Visitor(line)
    visitor.begin()
    assert [visitor.ask("state").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:8000/x", "http://localhost:8000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("shop.example", ""),
        ("*", ""),
        ("https://", ""),
        ("https://a@shop.example", ""),
        ("https://shop.example:port", ""),
        ("javascript://shop.example", ""),
    ],
)
def test_an_origin_is_what_a_browser_says_of_a_page(told: str, origin: str) -> None:
    assert origin_of(told) == origin


def test_settings_of_whatever_shape_make_a_line() -> None:
    odd = {
        "origins": 5,
        "accent": "red;",
        "questions": [1, {"label": ""}, {"label": "A", "choices": 7}],
        "away_minutes": "x",
    }
    line = read_line(odd, name="Chat")
    assert (line.title, line.accent, [one.label for one in line.questions]) == ("Chat", "#1f6feb", ["1", "A"])
    assert read_line({"wants_email": [], "position": {}}, name="x").position == "right"


def test_the_configuration_can_be_read_by_the_site(line: Inbox) -> None:
    told = Visitor(line).ask("config").json()
    assert told["socket"].endswith(f"/ws/chat/{line.public_id}")
    assert (told["is_open"], told["has_form"], told["files"]["max"]) == (True, False, 5)
    assert Client().get(f"/chat/{line.public_id}/config").status_code == 200  # a page of our own sends no origin


def test_an_identity_is_never_taken_from_somebody(line: Inbox, centre: Centre) -> None:
    """The site vouches for an address that another customer is known by: this one stays who the site says it is."""
    visitor = Visitor(line)
    visitor.begin(user=signed(line, email=""))
    visitor.say()
    receive(contact=contact(centre.email, "m", identity=claim("ann@example.test")), by_id=None)
    visitor.begin(user=signed(line))
    visitor.say("And now?")
    chat = Interaction.objects.get(inbox=line)
    assert (chat.messages.count(), chat.assurance) == (2, Assurance.PROVEN)
    assert Identity.objects.get(kind="email").customer_id != chat.customer_id
