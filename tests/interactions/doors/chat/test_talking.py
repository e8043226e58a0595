"""A visitor's chat from the first word to the end, over the addresses that the widget asks."""

import base64
from uuid import uuid4

import pytest
from django.test import Client

from interactions.cases.choices import InteractionStatus, Outcome
from interactions.cases.models import Attachment, Message
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.handling.models import Sending, SendingState
from interactions.handling.selectors import seen_cursor
from interactions.handling.services import accept_interaction, add_note, send_reply
from interactions.models import Inbox, Interaction
from tests.factories.contacts import Centre
from tests.factories.visitors import SHOP, Visitor, open_line

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def second_line(centre: Centre) -> Inbox:
    return Inbox.objects.create(name="Another chat", channel=Channel.CHAT, default_queue=centre.queue)


@pytest.fixture
def visitor(centre: Centre) -> Visitor:
    return Visitor(open_line(centre.chat))


def test_a_chat_begins_with_the_first_message_and_not_before(visitor: Visitor) -> None:
    assert visitor.begin(name="Ann")["status"] == "idle"
    assert Interaction.objects.count() == 0
    number = str(uuid4())
    answer = visitor.ask("messages", {"id": number, "body": "Where is my lamp?"})
    assert (answer.status_code, answer.json()["message"]["id"]) == (201, number)
    state = visitor.state()
    assert (state["status"], state["position"]) == ("waiting", 1)
    assert [(said["id"], said["from"], said["body"]) for said in state["messages"]] == [
        (number, "visitor", "Where is my lamp?")
    ]


def test_a_message_that_is_sent_twice_is_one(visitor: Visitor) -> None:
    visitor.begin()
    number = str(uuid4())
    first = visitor.ask("messages", {"id": number, "body": "One"}).json()
    again = visitor.ask("messages", {"id": number, "body": "One"}).json()
    assert first["message"]["id"] == again["message"]["id"] == number
    assert Message.objects.count() == 1


def test_an_answer_is_shown_at_once_and_read_once_it_was_on_the_screen(visitor: Visitor, centre: Centre) -> None:
    visitor.begin()
    visitor.say("Where is my lamp?")
    chat = Interaction.objects.get()
    assert visitor.state()["messages"][0]["state"] == "sent"
    accept_interaction(interaction_id=chat.pk, agent=centre.alice, by=centre.alice)
    state = visitor.state()
    assert (state["status"], state["agent"], state["messages"][0]["state"]) == ("active", {"name": "Alice"}, "read")
    said = send_reply(
        interaction_id=chat.pk, by=centre.alice, body="On its way.", draft_id=uuid4(), seen=seen_cursor(chat)
    )
    # Nobody has to be handed anything: the visitor sits there and waits.
    assert Sending.objects.get(message=said.message).state == SendingState.SENT
    answer = visitor.state()["messages"][-1]
    assert (answer["from"], answer["name"], answer["body"], answer["state"]) == (
        "agent",
        "Alice",
        "On its way.",
        "sent",
    )
    assert visitor.ask("shown", {"seq": answer["seq"]}).status_code == 200
    assert Sending.objects.get(message=said.message).state == SendingState.READ
    assert visitor.state()["messages"][-1]["state"] == "read"


def test_what_we_note_among_ourselves_is_never_shown(visitor: Visitor, centre: Centre) -> None:
    visitor.begin()
    visitor.say()
    add_note(interaction_id=Interaction.objects.get().pk, by=centre.alice, body="A difficult one", draft_id=uuid4())
    assert "difficult" not in str(visitor.state())


def test_who_ends_an_unanswered_chat_has_left_and_begins_anew_with_the_next_word(
    visitor: Visitor, centre: Centre
) -> None:
    visitor.begin()
    visitor.say("Hello?")
    assert visitor.ask("end", {}).json()["status"] == "ended"
    first = Interaction.objects.get()
    assert (first.status, first.outcome) == (InteractionStatus.CLOSED, Outcome.ABANDONED)
    visitor.say("Again: hello?")
    assert visitor.state()["status"] == "waiting"
    assert [said["body"] for said in visitor.state()["messages"]] == ["Hello?", "Again: hello?"]
    accept_interaction(interaction_id=Interaction.objects.latest("pk").pk, agent=centre.alice, by=centre.alice)
    assert visitor.ask("end", {}).json()["status"] == "ended"
    assert Interaction.objects.latest("pk").status == InteractionStatus.WRAP_UP


def test_answers_and_the_page_stand_beside_the_first_words(centre: Centre) -> None:
    visitor = Visitor(open_line(centre.chat, questions="Order number *\nTopic: Delivery, Refund"))
    visitor.begin(
        answers={"order_number": "4711", "topic": ["Delivery"], "unasked": "x"},
        page={"url": f"{SHOP}/lamps?x=1#top", "title": "Lamps"},
    )
    visitor.say()
    visitor.say("And when?")
    first, second = Message.objects.order_by("pk")
    assert first.meta["chat"]["answers"] == [{"label": "Order number", "answer": "4711"}]
    assert first.meta["chat"]["page"] == {"url": f"{SHOP}/lamps?x=1", "title": "Lamps"}
    assert second.meta == {}


def test_what_must_be_answered_is_answered_before_the_first_word_whatever_asks(centre: Centre) -> None:
    asked = [
        {"name": "order", "label": "Order number", "required": True},
        {"name": "topic", "label": "Topic", "kind": "select", "required": True, "choices": ["Delivery"]},
        {"name": "terms", "label": "Terms", "kind": "checkbox", "required": True},
        {"name": "email", "label": "Mail", "kind": "email", "required": True},
        {"name": "remark", "label": "Remark"},
    ]
    visitor = Visitor(open_line(centre.chat, questions=asked))
    visitor.begin(answers={"order": " ", "topic": "Something else", "terms": False, "email": "nobody"})
    refused = visitor.say()
    assert (refused.status_code, refused.json()["code"]) == (422, "questions_are_open")
    assert refused.json()["detail"] == "Please answer this first: Order number, Topic, Terms, Mail"
    assert Interaction.objects.count() == 0
    visitor.begin(answers={"order": "4711", "topic": "Delivery", "terms": True}, email="ann@example.test")
    assert visitor.say().status_code == 201
    # Who talks already is not interrupted by a question that is new; who begins anew is asked.
    open_line(centre.chat, questions=[*asked, {"name": "size", "label": "Size", "required": True}])
    assert visitor.say("And when?").status_code == 201
    visitor.ask("end", {})
    assert visitor.say("Hello again").json()["detail"] == "Please answer this first: Size"
    # A line that wants an address before every chat wants it here too.
    open_line(centre.chat, wants_email="always")
    other = Visitor(visitor.inbox)
    other.begin()
    assert other.say().status_code == 422
    other.ask("email", {"email": "bob@example.test"})
    assert other.say().status_code == 201


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://evil.example/", "https://shop.example.evil.example/"])
def test_a_page_of_another_site_is_not_kept(visitor: Visitor, url: str) -> None:
    visitor.begin(page={"url": url, "title": "Lamps"})
    assert visitor.row.page == {}


def test_files_go_with_their_message_and_only_with_it(visitor: Visitor, centre: Centre) -> None:
    visitor.begin()
    kept = visitor.upload(PNG).json()
    assert (kept["name"], kept["type"], kept["size"]) == ("lamp.png", "image/png", len(PNG))
    other = Visitor(visitor.inbox)
    other.begin()
    assert other.say(files=[kept["id"]]).status_code == 415
    [file] = visitor.say("", files=[kept["id"]]).json()["message"]["files"]
    assert Attachment.objects.get().content_type == "image/png"
    opened = Client().get(file["url"], headers={"origin": SHOP})
    assert (b"".join(opened.streaming_content), opened["Access-Control-Allow-Origin"]) == (PNG, SHOP)
    assert opened["Content-Disposition"].startswith("attachment")
    assert Client().get(file["url"][:-1] + ("0" if file["url"][-1] != "0" else "1")).status_code == 404
    # Another line's address opens nothing of this one, whatever the key.
    theirs = file["url"].replace(str(visitor.inbox.public_id), str(open_line(second_line(centre)).public_id))
    assert Client().get(theirs).status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"<html><script>alert(1)</script>", "a.png"), (b"<svg onload=x>", "a.svg"), (b"MZ\x90", "a.pdf")],
)
def test_a_file_is_what_its_content_says(visitor: Visitor, content: bytes, name: str) -> None:
    visitor.begin()
    assert visitor.upload(content, name, "image/png").status_code == 415


def test_the_form_comes_as_a_contact_that_is_answered_by_mail(visitor: Visitor, centre: Centre) -> None:
    form = {"id": str(uuid4()), "name": "Ann", "email": "Ann@Example.test", "body": "Call me", "answers": {}}
    assert visitor.ask("offline", form).status_code == 409  # nobody would answer
    Inbox.objects.filter(pk=visitor.inbox.pk).update(reply_inbox=centre.email)
    assert visitor.ask("offline", form).status_code == 201
    assert visitor.ask("offline", form).status_code == 201
    contact = Interaction.objects.get()
    assert (contact.channel, contact.inbox_id, contact.assurance) == (
        Channel.WEB_FORM,
        centre.email.pk,
        Assurance.CLAIMED,
    )
    assert contact.messages.get().meta == {"form": {"email": "ann@example.test", "answers": []}}
    assert visitor.ask("offline", form | {"email": "no address"}).status_code == 422
    open_line(visitor.inbox, questions="Name *\nOrder number *")
    another = form | {"id": str(uuid4()), "name": ""}
    assert visitor.ask("offline", another).json()["code"] == "questions_are_open"
    assert visitor.ask("offline", another | {"answers": {"order_number": "4711"}}).status_code == 201
