"""What a key reads: its own rows, page by page, and nothing by guessing."""

from typing import Any

import pytest
from django.core import signing

from ccx.kernel.events.sequencer import number_events
from ccx.kernel.models import AuditEntry
from ccx.kernel.people.choices import GrantScope
from interactions.models import Case, Customer, Interaction
from tests.factories.api import Api, make_api
from tests.factories.contacts import Centre
from tests.factories.people import make_grant

LISTS = ["interactions", "cases", "inboxes", "queues", "reasons", "teams", "interactions/changes"]


@pytest.fixture
def five(api: Api, centre: Centre) -> list[Interaction]:
    """Five contacts of five people; two began at the same moment."""
    for number in range(5):
        answer = api.post(
            "/api/v1/contacts",
            {
                "inbox": "email",
                "external_id": f"r-{number}",
                "occurred_at": f"2026-03-02T09:0{max(number, 1)}:00Z",
                "subject": f"s{number}",
                "identity": {"kind": "email", "value": f"p{number}@example.test", "assurance": "attested"},
            },
        )
        assert answer.status_code == 201
    return list(Interaction.objects.order_by("started_at", "public_id"))


def walk(api: Api, address: str) -> list[dict[str, Any]]:
    rows = []
    while address:
        answer = api.get(address)
        assert answer.status_code == 200
        page = answer.json()
        assert page["has_more"] == bool(page["next"])
        rows += page["results"]
        address = page["next"]
    return rows


@pytest.mark.parametrize("sort", ["started_at", "-started_at"])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pages_hold_every_row_once_and_in_order(sort: str, size: int, api: Api, five: list[Interaction]) -> None:
    rows = walk(api, f"/api/v1/interactions?sort={sort}&page[size]={size}")
    expected = [str(row.public_id) for row in five]
    assert [row["id"] for row in rows] == (expected if sort == "started_at" else expected[::-1])


def test_a_row_inserted_meanwhile_shifts_nothing(api: Api, five: list[Interaction]) -> None:
    first = api.get("/api/v1/interactions", **{"page[size]": "2"}).json()
    api.post("/api/v1/contacts", {"inbox": "email", "external_id": "new"})
    rest = walk(api, first["next"])
    read = [row["id"] for row in first["results"] + rest]
    assert read == [str(row.public_id) for row in reversed(five)]


def test_an_altered_or_foreign_cursor_is_refused(api: Api, five: list[Interaction]) -> None:
    link = api.get("/api/v1/interactions", **{"page[size]": "2"}).json()["next"]
    cursor = link.split("cursor%5D=")[1].replace("%3A", ":")
    forged = signing.dumps(["2026-03-02T09:00:00+00:00", "x"], salt="page:")
    other = make_api()
    tries = [
        api.get("/api/v1/interactions", **{"page[cursor]": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}),
        api.get("/api/v1/interactions", **{"page[cursor]": "x" * 5000}),
        api.get("/api/v1/interactions", **{"page[cursor]": ""}),
        api.get("/api/v1/interactions", **{"page[cursor]": forged}),
        api.get("/api/v1/interactions", **{"page[cursor]": cursor, "sort": "started_at"}),
        api.get("/api/v1/cases", **{"page[cursor]": cursor}),
        other.get("/api/v1/interactions", **{"page[cursor]": cursor}),
    ]
    for answer in tries:
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")
    assert api.get("/api/v1/interactions", **{"page[cursor]": cursor}).status_code == 200


def test_a_cursor_tells_no_row_number(api: Api, five: list[Interaction]) -> None:
    link = api.get("/api/v1/interactions", **{"page[size]": "2"}).json()["next"]
    import base64

    inside = link.split("cursor%5D=")[1].split("%3A")[0]
    told = base64.urlsafe_b64decode(inside + "==").decode()
    assert str(five[3].public_id) in told
    assert str(five[3].pk) not in told.replace(str(five[3].public_id), "").replace(five[3].started_at.isoformat(), "")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "page[size]=0",
        "page[size]=101",
        "page[size]=9999999999999999999",
        "page[size]=ten",
        "page[size]=-1",
        "page[size]=%C2%B2",
        "agent__password__startswith=a",
        "customer__email=x",
        "offset=1000000000",
        "id=1&id=2",
        "page[size]=1&page[size]=2",
        "b[__proto__][x]=1",
        "page[cursor]=%00",
        "order_by=id);DROP TABLE x",
    ],
)
def test_questions_that_are_not_offered_are_refused(name: str, query: str, api: Api, centre: Centre) -> None:
    answer = api.client.get(f"/api/v1/{name}?{query}", headers=api.headers())
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert "SQL" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"channel": "email"}, 5),
        ({"channel": "voice"}, 0),
        ({"status": "waiting"}, 5),
        ({"status": "closed"}, 0),
        ({"started_from": "2026-03-02T09:02:00Z"}, 3),
        ({"started_before": "2026-03-02T09:02:00Z"}, 2),
    ],
)
def test_interactions_are_narrowed(query: dict[str, str], count: int, api: Api, five: list[Interaction]) -> None:
    assert len(walk(api, "/api/v1/interactions?" + "&".join(f"{k}={v}" for k, v in query.items()))) == count


@pytest.mark.parametrize("query", ["channel=pigeon", "inbox=5", "status=OPEN", "started_from=x", "sort=id", "case=%00"])
def test_values_that_make_no_sense_are_named(query: str, api: Api, centre: Centre) -> None:
    answer = api.client.get(f"/api/v1/interactions?{query}", headers=api.headers())
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/" + query.split("=", maxsplit=1)[0]


def test_one_row_tells_what_its_list_tells(api: Api, five: list[Interaction]) -> None:
    for name in ("interactions", "cases"):
        for row in walk(api, f"/api/v1/{name}"):
            assert api.get(f"/api/v1/{name}/{row['id']}").json() == row


def test_a_stranger_finds_nothing_and_404_tells_nothing(stranger: Api, five: list[Interaction]) -> None:
    interaction = five[0]
    assert stranger.get("/api/v1/interactions").json()["results"] == []
    assert stranger.get("/api/v1/cases").json()["results"] == []
    assert stranger.get("/api/v1/queues").json()["results"] == []
    missing = "019ff000-0000-7000-8000-000000000000"
    for kind, row in (
        ("interactions", interaction.public_id),
        ("cases", Case.objects.get(pk=interaction.case_id).public_id),
        ("customers", Customer.objects.get(pk=interaction.customer_id).public_id),
    ):
        there = stranger.get(f"/api/v1/{kind}/{row}")
        nowhere = stranger.get(f"/api/v1/{kind}/{missing}")
        assert (there.status_code, nowhere.status_code) == (404, 404)
        told, said = there.json(), nowhere.json()
        for body in (told, said):
            del body["instance"], body["request_id"]
        assert told == said
    by_address = stranger.get("/api/v1/customers", identity_kind="email", identity_value="p0@example.test")
    assert by_address.json()["results"] == []


def test_a_grant_opens_just_its_queue(stranger: Api, five: list[Interaction], centre: Centre) -> None:
    make_grant(stranger.user, GrantScope.QUEUE, centre.queue.pk)
    Interaction.objects.filter(pk=five[0].pk).update(queue=None, team=None)
    assert len(walk(stranger, "/api/v1/interactions")) == 4
    assert stranger.get(f"/api/v1/interactions/{five[0].public_id}").status_code == 404


@pytest.mark.parametrize("public_id", ["1", "0", "019ff000", "../users", "%00", "x" * 3000])
def test_row_numbers_lead_nowhere(public_id: str, api: Api, five: list[Interaction]) -> None:
    answer = api.get(f"/api/v1/interactions/{public_id}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_customer_is_found_by_address_however_it_is_written(api: Api, five: list[Interaction]) -> None:
    found = api.get("/api/v1/customers", identity_kind="email", identity_value=" P3@Example.TEST ").json()["results"]
    assert [row["identities"][0]["value"] for row in found] == ["p3@example.test"]
    assert found[0]["identities"][0]["assurance"] == "attested"
    assert api.get(f"/api/v1/customers/{found[0]['id']}").json() == found[0]


@pytest.mark.parametrize(
    "query", [{}, {"identity_kind": "email"}, {"identity_kind": "email", "identity_value": "x"}, {"name": "Ann"}]
)
def test_customers_are_not_listed_at_large(query: dict[str, str], api: Api, five: list[Interaction]) -> None:
    assert api.get("/api/v1/customers", **query).status_code == 400


def test_changes_are_followed_without_a_gap(api: Api, five: list[Interaction]) -> None:
    number_events()
    seen: list[str] = []
    address = "/api/v1/interactions/changes?page[size]=3"
    for _ in range(20):
        page = api.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
        if not page["has_more"]:
            break
    assert set(seen) == {str(row.public_id) for row in five}
    assert api.get(address).json()["results"] == []
    api.post(f"/api/v1/interactions/{five[2].public_id}/messages", {"body": "More"})
    number_events()
    assert [row["id"] for row in api.get(address).json()["results"]] == [str(five[2].public_id)]


def test_changes_begin_where_asked_and_show_a_stranger_nothing(
    api: Api, stranger: Api, five: list[Interaction]
) -> None:
    number_events()
    assert len(api.get("/api/v1/interactions/changes", since="2020-01-01T00:00:00Z").json()["results"]) == 5
    assert api.get("/api/v1/interactions/changes", since="2999-01-01T00:00:00Z").json()["results"] == []
    assert stranger.get("/api/v1/interactions/changes").json()["results"] == []


def test_queries_do_not_grow_with_the_rows(api: Api, five: list[Interaction], queries_do_not_grow: Any) -> None:
    def more() -> None:
        for number in range(20):
            api.post(
                "/api/v1/contacts",
                {
                    "inbox": "chat",
                    "external_id": f"more-{number}",
                    "identity": {"kind": "email", "value": f"q{number}@example.test"},
                },
            )

    # The key with its user, grants, the rows with all they name.
    assert queries_do_not_grow(lambda: walk(api, "/api/v1/interactions"), more) == 3
    queries_do_not_grow(lambda: walk(api, "/api/v1/cases"), lambda: None)


def test_reading_changes_nothing(api: Api, five: list[Interaction]) -> None:
    from ccx.kernel.events.models import EventRow

    before = (EventRow.objects.count(), list(Interaction.objects.order_by("pk").values()))
    for name in LISTS:
        assert api.get(f"/api/v1/{name}").status_code == 200
        assert api.client.head(f"/api/v1/{name}", headers=api.headers()).status_code == 200
        assert api.client.options(f"/api/v1/{name}", headers=api.headers()).status_code == 200
    assert (EventRow.objects.count(), list(Interaction.objects.order_by("pk").values())) == before


@pytest.mark.parametrize("name", ["contacts", *LISTS, "customers", "me"])
@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_methods_that_are_not_there_are_405_with_the_list_of_those_that_are(name: str, method: str, api: Api) -> None:
    answer = getattr(api.client, method)(f"/api/v1/{name}", headers=api.headers())
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert answer["Allow"]


def test_nothing_personal_is_cached(api: Api, five: list[Interaction]) -> None:
    for answer in (api.get("/api/v1/interactions"), api.get("/api/v1/nowhere")):
        assert answer["Cache-Control"] == "no-store"


def test_a_host_that_is_not_ours_is_refused_as_a_problem(api: Api) -> None:
    answer = api.client.get("/api/v1/me", headers=api.headers() | {"Host": "evil.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_reading_a_customer_leaves_a_trace_of_who_and_through_which_key(api: Api, five: list[Interaction]) -> None:
    found = api.get("/api/v1/customers", identity_kind="email", identity_value="p3@example.test").json()["results"]
    api.get(f"/api/v1/customers/{found[0]['id']}")
    read = AuditEntry.objects.get(action="read", object_kind="customer")
    assert (read.actor_id, read.api_key_id, read.door) == (api.user.pk, api.key.pk, "api")
    assert read.object_id == Customer.objects.get(public_id=found[0]["id"]).pk
    assert AuditEntry.objects.filter(action="searched", actor_id=api.user.pk).count() == 1


def test_reading_what_was_said_leaves_a_trace_and_asking_again_at_once_no_other(
    api: Api, five: list[Interaction]
) -> None:
    for _ in range(2):
        assert api.get(f"/api/v1/interactions/{five[2].public_id}/messages").status_code == 200
    read = AuditEntry.objects.get(action="read", object_kind="interaction")
    assert (read.actor_id, read.api_key_id, read.object_id) == (api.user.pk, api.key.pk, five[2].pk)
