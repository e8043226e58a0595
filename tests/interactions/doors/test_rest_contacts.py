"""Contacts told over REST: one and a hundred, good and bad, once and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from ccx.kernel.people.choices import GrantScope
from interactions.customers.choices import Assurance
from interactions.intake.errors import ContactRefusedError
from interactions.models import Case, Customer, Identity, Interaction, Message, RawContact
from tests.factories.api import Api, make_api
from tests.factories.contacts import Centre
from tests.factories.people import make_grant

CONTACTS = "/api/v1/contacts"
BULK = "/api/v1/contacts/bulk"


def body(external_id: str = "a-1", **more: Any) -> dict[str, Any]:
    return {"inbox": "email", "external_id": external_id, "body": "Where is my order?"} | more


def ann(assurance: str = "claimed") -> dict[str, str]:
    return {"kind": "email", "value": "Ann@Example.test", "assurance": assurance}


def test_a_contact_is_taken_in_and_answered_with_public_ids_only(api: Api, centre: Centre) -> None:
    told = body(
        identity=ann("attested"),
        customer_name="Ann",
        subject="Order 5",
        reason="bill",
        queue="Service",
        priority=3,
        occurred_at="2026-03-02T09:00:00+01:00",
        payload={"shop": {"order": 5}},
    )
    answer = api.post(CONTACTS, told)
    assert answer.status_code == 201
    interaction = Interaction.objects.select_related("case", "customer").get()
    message = Message.objects.get()
    assert answer.json() == {
        "external_id": "a-1",
        "is_new": True,
        "started_interaction": True,
        "interaction": str(interaction.public_id),
        "case": str(interaction.case.public_id),
        "customer": str(interaction.customer.public_id),
        "message": str(message.public_id),
    }
    assert interaction.started_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert (interaction.queue, interaction.reason, interaction.priority) == (centre.queue, centre.reason, 3)
    assert interaction.assurance == Assurance.ATTESTED
    assert RawContact.objects.get().payload == {"shop": {"order": 5}}
    identity = Identity.objects.get()
    assert (identity.value, identity.source) == ("ann@example.test", f"api:{api.key.prefix}")


def test_told_again_it_is_known_and_nothing_is_done(api: Api, centre: Centre) -> None:
    first = api.post(CONTACTS, body())
    again = api.post(CONTACTS, body())
    assert (again.status_code, again.json()["is_new"]) == (200, False)
    assert again.json()["interaction"] == first.json()["interaction"]
    assert (Interaction.objects.count(), Message.objects.count()) == (1, 1)


def test_an_inbox_may_be_named_by_its_public_id(api: Api, centre: Centre) -> None:
    assert api.post(CONTACTS, body(inbox=str(centre.chat.public_id))).status_code == 201
    assert Interaction.objects.get().inbox == centre.chat


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("inbox", None, "required"),
        ("inbox", "nowhere", "unknown"),
        ("inbox", "01890a5d-ac96-774b-bcce-b302099a8057", "unknown"),
        ("inbox", 5, "not_a_string"),
        ("external_id", "", "too_short"),
        ("external_id", "x" * 251, "too_long"),
        ("external_id", ["a"], "not_a_string"),
        ("occurred_at", "yesterday", "not_a_moment"),
        ("occurred_at", "2026-03-02T09:00:00", "not_a_moment"),
        ("occurred_at", "2026-02-30T09:00:00Z", "not_a_moment"),
        ("occurred_at", "0001-01-01T00:00:00+14:00", "out_of_range"),
        ("occurred_at", "2999-01-01T00:00:00Z", "in_the_future"),
        ("occurred_at", 1700000000, "not_a_moment"),
        ("queue", "nowhere", "unknown"),
        ("reason", "none", "unknown"),
        ("priority", "1", "not_an_integer"),
        ("priority", True, "not_an_integer"),
        ("priority", 101, "out_of_range"),
        ("subject", "x" * 251, "too_long"),
        ("body", {"html": "x"}, "not_a_string"),
        ("payload", [1], "not_an_object"),
        ("identity", "ann", "not_an_object"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    field: str, value: Any, code: str, api: Api, centre: Centre
) -> None:
    answer = api.post(CONTACTS, body() | {field: value})
    assert answer.status_code == 400
    problem = answer.json()
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(f"/{field}", code)]
    assert set(problem) == {"type", "title", "status", "detail", "code", "instance", "request_id", "errors"}
    assert problem["request_id"] == answer["X-Request-ID"]
    assert (problem["instance"], problem["type"]) == (CONTACTS, "urn:ccx:problem:invalid")
    assert (RawContact.objects.count(), Interaction.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "field",
    ["id", "case_id", "customer_id", "agent_id", "team_id", "inbox_id", "is_resolved", "assurance", "direction",
     "past", "case_key", "status", "public_id", "__proto__", "a/b~c"],
)  # fmt: skip
def test_members_that_are_not_offered_are_refused_and_not_ignored(field: str, api: Api, centre: Centre) -> None:
    answer = api.post(CONTACTS, body() | {field: 1})
    assert answer.status_code == 400
    pointer = "/" + field.replace("~", "~0").replace("/", "~1")
    assert answer.json()["errors"] == [
        {"pointer": pointer, "code": "unknown_member", "detail": "This member is not known."}
    ]


@pytest.mark.parametrize("value", [None, 5, "x", [], True, [{}]])
def test_a_body_that_is_no_object_is_refused(value: Any, api: Api, centre: Centre) -> None:
    assert api.post(CONTACTS, value).status_code == 400
    assert api.post(BULK, value).status_code == 400


def test_only_a_key_that_may_attest_can_attest(centre: Centre) -> None:
    api = make_api("contacts:write")
    refused = api.post(CONTACTS, body(identity=ann("attested")))
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert Interaction.objects.count() == 0
    assert api.post(CONTACTS, body(identity=ann())).status_code == 201
    assert Interaction.objects.get().assurance == Assurance.CLAIMED


@pytest.mark.parametrize("assurance", ["proven", "none", 3, "ATTESTED"])
def test_nobody_can_prove_an_identity_this_way(assurance: Any, api: Api, centre: Centre) -> None:
    answer = api.post(CONTACTS, body(identity=ann() | {"assurance": assurance}))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "not_a_choice"


@pytest.mark.parametrize(
    ("kind", "value"), [("email", "ann"), ("phone", "12"), ("email", "a@b@c"), ("phone", "call me")]
)
def test_an_address_must_be_one_of_its_kind(kind: str, value: str, api: Api, centre: Centre) -> None:
    answer = api.post(CONTACTS, body(identity={"kind": kind, "value": value}))
    assert answer.json()["errors"][0]["pointer"] == "/identity/value"


def test_a_queue_that_was_not_granted_does_not_exist_for_the_key(stranger: Api, centre: Centre) -> None:
    refused = stranger.post(CONTACTS, body(queue="Service"))
    unknown = stranger.post(CONTACTS, body(queue="Nowhere"))
    assert refused.status_code == unknown.status_code == 400
    assert refused.json()["errors"] == unknown.json()["errors"]
    make_grant(stranger.user, GrantScope.QUEUE, centre.queue.pk)
    assert stranger.post(CONTACTS, body(queue="Service")).status_code == 201


def test_an_inbox_that_is_switched_off_takes_nothing(api: Api, centre: Centre) -> None:
    type(centre.email).objects.filter(pk=centre.email.pk).update(is_active=False)
    assert api.post(CONTACTS, body()).json()["errors"][0]["code"] == "unknown"


def test_a_clock_that_runs_a_little_ahead_is_forgiven_and_set_right(api: Api, centre: Centre) -> None:
    ahead = (timezone.now() + timedelta(minutes=2)).isoformat()
    assert api.post(CONTACTS, body(occurred_at=ahead)).status_code == 201
    assert Interaction.objects.get().started_at <= timezone.now()


def test_a_thread_goes_on_in_the_same_interaction(api: Api, centre: Centre) -> None:
    first = api.post(CONTACTS, body("a-1", inbox="chat", thread_token="t", identity=ann("attested")))
    second = api.post(CONTACTS, body("a-2", inbox="chat", thread_token="t", identity=ann("attested")))
    assert second.json()["started_interaction"] is False
    assert second.json()["interaction"] == first.json()["interaction"]
    assert Case.objects.count() == 1


def test_of_a_hundred_the_good_ones_get_in(api: Api, centre: Centre) -> None:
    contacts = [body(f"c-{number}", identity=ann("attested")) for number in range(100)]
    contacts[3] = body("c-3", inbox="nowhere")
    contacts[7] = "not even an object"  # type: ignore[call-overload]
    contacts[9] = body("c-8")
    answer = api.post(BULK, {"contacts": contacts})
    assert answer.status_code == 207
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (98, 2)
    statuses = {item["index"]: item["status"] for item in told["results"]}
    assert [index for index, status in statuses.items() if status == 400] == [3, 7]
    assert statuses[9] == 200
    assert told["results"][3]["errors"][0]["pointer"] == "/contacts/3/inbox"
    assert told["results"][3]["receipt"] is None
    assert told["results"][9]["receipt"]["interaction"] == told["results"][8]["receipt"]["interaction"]
    assert RawContact.objects.count() == 97
    assert Customer.objects.count() == 1
    again = api.post(BULK, {"contacts": contacts}).json()
    assert {item["status"] for item in again["results"]} == {200, 400}
    assert RawContact.objects.count() == 97


def test_a_rule_that_refuses_one_spoils_no_other(api: Api, centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    from interactions.intake import services

    whole = services.admit

    def picky(contact: Any) -> Any:
        if contact.external_id == "bad":
            raise ContactRefusedError("no", reason="no", external_id="bad")
        return whole(contact)

    monkeypatch.setattr(services, "admit", picky)
    answer = api.post(BULK, {"contacts": [body("good"), body("bad"), body("fine")]}).json()
    assert [item["status"] for item in answer["results"]] == [201, 422, 201]
    assert answer["results"][1]["errors"][0]["code"] == "contact_refused"
    assert set(RawContact.objects.values_list("external_id", flat=True)) == {"good", "fine"}


def test_who_may_not_attest_is_told_for_each_item(centre: Centre) -> None:
    answer = make_api("contacts:write").post(
        BULK, {"contacts": [body("a", identity=ann("attested")), body("b", identity=ann())]}
    )
    assert [item["status"] for item in answer.json()["results"]] == [403, 201]


@pytest.mark.parametrize("count", [0, 101])
def test_a_bulk_is_1_to_100_contacts(count: int, api: Api, centre: Centre) -> None:
    answer = api.post(BULK, {"contacts": [body(str(number)) for number in range(count)]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "wrong_length")
    assert RawContact.objects.count() == 0


def test_a_bulk_of_nothing_but_bad_items_leaves_its_key_free(api: Api, centre: Centre) -> None:
    bad = api.post(BULK, {"contacts": [body(inbox="x")]}, Idempotency_Key="k")
    good = api.post(BULK, {"contacts": [body()]}, Idempotency_Key="k")
    assert (bad.status_code, good.json()["accepted"]) == (207, 1)


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_bulk(api: Api, centre: Centre, queries_do_not_grow: Any) -> None:
    size = {"now": 30}  # from about ten on intake writes by COPY
    sent = iter(range(10_000))

    def send() -> None:
        contacts = [
            body(f"q-{next(sent)}", identity={"kind": "email", "value": f"p{next(sent)}@example.test"})
            for _ in range(size["now"])
        ]
        assert api.post(BULK, {"contacts": contacts}).json()["accepted"] == size["now"]

    queries_do_not_grow(send, lambda: size.update(now=100))
