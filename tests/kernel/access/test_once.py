"""A repeated request has one effect, whatever happens in between."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ccx.kernel.access.models import IdempotencyRecord
from ccx.kernel.access.services import StoredAnswer, answer_once, forget_old_answers
from interactions.doors.rest import api as contacts_api
from interactions.models import Interaction
from tests.factories.api import Api, make_api
from tests.factories.contacts import Centre, make_centre

CONTACTS = "/api/v1/contacts"


@pytest.fixture
def centre(db: None) -> Centre:
    return make_centre()


def body(external_id: str = "a-1", **more: Any) -> dict[str, Any]:
    return {"inbox": "email", "external_id": external_id, "body": "Where is my order?"} | more


def test_the_same_request_again_gives_the_stored_answer(api: Api, centre: Centre) -> None:
    first = api.post(CONTACTS, body(), Idempotency_Key="k1")
    again = api.post(CONTACTS, body(), Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Interaction.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(api: Api, centre: Centre) -> None:
    api.post(CONTACTS, body(), Idempotency_Key="k1")
    other = api.post(CONTACTS, body("a-2"), Idempotency_Key="k1")
    elsewhere = api.post("/api/v1/contacts/bulk", body(), Idempotency_Key="k1")
    for answer in (other, elsewhere):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Interaction.objects.count() == 1


def test_keys_of_different_callers_do_not_meet(api: Api, centre: Centre) -> None:
    api.post(CONTACTS, body(), Idempotency_Key="k1")
    other = make_api().post(CONTACTS, body("a-2"), Idempotency_Key="k1")
    assert other.status_code == 201


def test_a_refusal_is_not_remembered(api: Api, centre: Centre) -> None:
    assert api.post(CONTACTS, body(inbox="nowhere"), Idempotency_Key="k1").status_code == 400
    assert IdempotencyRecord.objects.count() == 0
    assert api.post(CONTACTS, body(), Idempotency_Key="k1").status_code == 201


def test_a_crash_in_the_middle_leaves_nothing_and_the_key_free(
    api: Api, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(contacts_api, "told", lambda receipts: 1 / 0)
        broken = api.post(CONTACTS, body(), Idempotency_Key="k1")
    assert (broken.status_code, broken["Content-Type"]) == (500, "application/problem+json")
    assert "ZeroDivision" not in broken.content.decode()
    assert (Interaction.objects.count(), IdempotencyRecord.objects.count()) == (0, 0)
    assert api.post(CONTACTS, body(), Idempotency_Key="k1").status_code == 201


def test_an_answer_lost_on_the_way_is_given_again(api: Api, centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("ccx.kernel.access.endpoint._answered", lambda answer: 1 / 0)
        assert api.post(CONTACTS, body(), Idempotency_Key="k1").status_code == 500
    assert Interaction.objects.count() == 1
    again = api.post(CONTACTS, body(), Idempotency_Key="k1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.json()["is_new"] is True
    assert Interaction.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "ümlaut"])
def test_a_key_is_1_to_255_visible_signs(key: str, api: Api, centre: Centre) -> None:
    answer = api.client.post(
        CONTACTS,
        json.dumps(body()).encode(),
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {api.token}",
        HTTP_IDEMPOTENCY_KEY=key,
    )
    assert answer.status_code == 400
    assert Interaction.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_the_second_is_told_to_wait() -> None:
    api = make_api()
    make_centre()
    begun, go_on = threading.Event(), threading.Event()
    answers: list[Any] = []

    def slowly(**kwargs: Any) -> Any:
        begun.set()
        assert go_on.wait(10)
        return whole(**kwargs)

    whole = contacts_api.receive

    def first() -> None:
        answers.append(api.post(CONTACTS, body(), Idempotency_Key="k1"))
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contacts_api, "receive", slowly)
        thread = threading.Thread(target=first)
        thread.start()
        assert begun.wait(10)
        second = api.post(CONTACTS, body(), Idempotency_Key="k1")
        go_on.set()
        thread.join(10)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_flight")
    assert second["Retry-After"] == "1"
    assert answers[0].status_code == 201
    assert api.post(CONTACTS, body(), Idempotency_Key="k1")["Idempotent-Replayed"] == "true"
    assert Interaction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_have_one_effect() -> None:
    caller = make_api().user
    effects: list[int] = []
    refused: list[int] = []
    gate = threading.Barrier(10)

    def effect() -> StoredAnswer:
        effects.append(1)
        return StoredAnswer(status=201, body=b"{}")

    def call() -> None:
        gate.wait(10)
        try:
            answer_once(caller_id=caller.pk, key="k", request_hash="h" * 64, effect=effect)
        except Exception:
            refused.append(1)
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(effects) == 1
    assert IdempotencyRecord.objects.count() == 1
    assert len(refused) < 10


def test_answers_are_kept_for_two_days_and_then_forgotten(api: Api) -> None:
    now = timezone.now()
    for key, age in (("young", timedelta(hours=25)), ("old", timedelta(hours=49))):
        IdempotencyRecord.objects.create(
            caller=api.user, key=key, request_hash="h" * 64, status=201, body=b"{}", created_at=now - age
        )
    assert forget_old_answers(now=now) == 1
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["young"]
