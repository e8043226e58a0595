"""More said in a running interaction."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from ccx.kernel.models import User
from interactions.cases.choices import Outcome
from interactions.models import Interaction, Message
from tests.factories.api import Api, make_api
from tests.factories.contacts import Centre


@pytest.fixture
def running(api: Api, centre: Centre) -> Interaction:
    api.post("/api/v1/contacts", {"inbox": "chat", "external_id": "a", "body": "Hello"})
    return Interaction.objects.get()


def path(interaction: Interaction) -> str:
    return f"/api/v1/interactions/{interaction.public_id}/messages"


def test_a_customer_says_more(api: Api, running: Interaction) -> None:
    said = api.post(path(running), {"body": "Are you there?", "external_id": "m-2"})
    assert said.status_code == 201
    message = Message.objects.get(external_id="m-2")
    assert said.json() == {
        "message": str(message.public_id),
        "interaction": str(running.public_id),
        "is_new": True,
    }
    running.refresh_from_db()
    assert running.last_customer_message_at == message.sent_at
    event = EventRow.objects.order_by("-id")[0]
    assert (event.kind, event.interaction_id, event.actor_id) == ("message_received", running.pk, api.user.pk)
    assert "there" not in str(event.data)


def test_told_again_it_is_the_same_message(api: Api, running: Interaction) -> None:
    first = api.post(path(running), {"body": "Hm", "external_id": "m-2"})
    again = api.post(path(running), {"body": "Hm", "external_id": "m-2"})
    assert (again.status_code, again.json()["is_new"]) == (200, False)
    assert again.json()["message"] == first.json()["message"]
    assert Message.objects.count() == 2


def test_a_closed_interaction_takes_no_more(api: Api, running: Interaction) -> None:
    Interaction.objects.update(status="closed", closed_at=timezone.now(), outcome=Outcome.HANDLED)
    answer = api.post(path(running), {"body": "Wait!"})
    assert (answer.status_code, answer.json()["code"]) == (409, "interaction_is_closed")
    assert Message.objects.count() == 1


def test_a_stranger_can_neither_say_nor_read_anything_there(stranger: Api, api: Api, running: Interaction) -> None:
    refused = stranger.post(path(running), {"body": "Let me in"})
    nowhere = stranger.post("/api/v1/interactions/019ff000-0000-7000-8000-000000000000/messages", {"body": "x"})
    assert (refused.status_code, nowhere.status_code) == (404, 404)
    assert refused.json()["code"] == nowhere.json()["code"] == "not_found"
    assert stranger.get(path(running)).status_code == 404
    assert Message.objects.count() == 1


def test_a_machine_cannot_speak_as_an_agent(api: Api, running: Interaction) -> None:
    answer = api.post(path(running), {"body": "Hi", "author_kind": "agent"})
    assert (answer.status_code, answer.json()["code"]) == (409, "author_is_not_a_person")


def test_a_person_signed_in_answers_as_themselves(admin: User, running: Interaction) -> None:
    client = Client()
    client.force_login(admin)
    answer = client.post(path(running), {"body": "Hi", "author_kind": "agent"}, content_type="application/json")
    assert answer.status_code == 201
    message = Message.objects.get(author_kind="agent")
    assert message.author == admin
    running.refresh_from_db()
    assert running.first_answered_at == message.sent_at


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"author_id": 1}, "unknown_member"),
        ({"author": "x"}, "unknown_member"),
        ({"interaction": "x"}, "unknown_member"),
        ({"author_kind": "boss"}, "not_a_choice"),
        ({"is_note": "true"}, "not_a_boolean"),
        ({"sent_at": "now"}, "not_a_moment"),
        ({"body": ""}, "too_short"),
    ],
)
def test_what_is_wrong_is_named(more: dict[str, Any], code: str, api: Api, running: Interaction) -> None:
    answer = api.post(path(running), {"body": "Hi"} | more)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)


def test_messages_are_read_in_order_page_by_page(api: Api, running: Interaction) -> None:
    begun = timezone.now() - timedelta(hours=1)
    for number in range(5):
        sent_at = (begun + timedelta(seconds=number // 2)).isoformat()
        api.post(path(running), {"body": f"m{number}", "author_kind": "bot", "sent_at": sent_at})
    read: list[str] = []
    address = path(running) + "?page[size]=2"
    while address:
        page = api.get(address).json()
        read += [row["body"] for row in page["results"]]
        address = page["next"]
    assert read == ["m0", "m1", "m2", "m3", "m4", "Hello"]


def test_a_note_is_not_the_customers_word(running: Interaction, centre: Centre) -> None:
    api = make_api("contacts:write")
    before = running.last_customer_message_at
    assert api.post(path(running), {"body": "VIP", "is_note": True, "author_kind": "system"}).status_code == 201
    running.refresh_from_db()
    assert running.last_customer_message_at == before
