"""Figures over REST."""

import pytest
from django.test import Client

from tests.analytics.kpis.conftest import DAY
from tests.factories.figures import a_team, a_user, abandoned, answered, granted, summed

URL = "/api/v1/figures?from=2026-03&to=2026-03&keys="


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(boss) -> Client:
    return signed_in(boss)


def test_figures_come_with_their_exact_parts(client) -> None:
    answered(2, DAY, wait=10)
    abandoned(1, DAY, wait=50)
    summed()
    body = client.get(f"{URL}abandon_offered,contacts&compare=previous").json()
    assert (body["from"], body["to"], body["compared_from"]) == ("2026-03-01", "2026-03-31", "2026-02-01")
    figure = body["figures"][0]
    assert (figure["numerator"], figure["denominator"], figure["value"]) == (1, 3, 1 / 3)
    assert figure["before"]["state"] == "no_data"
    assert body["figures"][1]["value"] == 3.0


def test_figures_can_be_split_and_filtered(client) -> None:
    team = a_team("Care")
    answered(2, DAY, team_id=team.pk)
    answered(1, DAY, channel=2)
    summed()
    body = client.get(f"{URL}contacts&split_by=team").json()
    found = [(group["key"], group["label"], group["figures"][0]["value"]) for group in body["groups"]]
    assert found == [(str(team.public_id), "Care", 2.0), ("none", "No team", 1.0)]
    assert client.get(f"{URL}contacts&channel=chat").json()["figures"][0]["value"] == 1.0
    assert client.get(f"{URL}contacts&team=none").json()["figures"][0]["value"] == 1.0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("keys=contacts&from=2026-03&to=2026-02", "invalid_period"),
        ("keys=contacts&from=today&to=2026-02", "invalid_period"),
        ("keys=speed&from=2026-03&to=2026-03", "unknown_kpi"),
        ("keys=&from=2026-03&to=2026-03", "unknown_filter"),
        ("keys=contacts&from=2026-03&to=2026-03&split_by=moon", "unknown_filter"),
        ("keys=contacts&from=2026-03&to=2026-03&channel=pigeon", "unknown_filter"),
        ("keys=contacts&from=2000-01&to=2026-03&split_by=day", "invalid_period"),
    ],
)
def test_a_bad_question_is_a_problem_with_a_code(client, query, code) -> None:
    answer = client.get(f"/api/v1/figures?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer["Content-Type"].startswith("application/problem+json")


def test_the_registry_is_open_to_whoever_may_read_figures(client) -> None:
    body = client.get("/api/v1/definitions").json()
    assert {definition["key"] for definition in body["definitions"]} >= {"fcr", "service_level", "aht"}


def test_a_lead_reads_the_team_and_charlie_nothing(db) -> None:
    team = a_team()
    answered(2, DAY, team_id=team.pk)
    answered(5, DAY)
    summed()
    lead = signed_in(granted(a_user(), "team", team.pk))
    assert lead.get(f"{URL}contacts").json()["figures"][0]["value"] == 2.0
    charlie = signed_in(a_user(role="agent"))
    assert charlie.get(f"{URL}contacts").status_code in {403, 404}
    assert Client().get(f"{URL}contacts").status_code in {401, 403}


def test_the_number_of_queries_stays_the_same(client, queries_do_not_grow) -> None:
    answered(1, DAY, team_id=a_team().pk)
    summed()

    def more() -> None:
        for _ in range(20):
            answered(1, DAY, team_id=a_team().pk)
        summed()

    queries_do_not_grow(lambda: client.get(f"{URL}contacts,fcr,aht&split_by=team"), more)
