"""What the probes promise: alive, ready, and detail only for whoever holds the token."""

import time

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings

from ccx import health
from ccx.celery import HEARTBEAT_KEY, heartbeat

TOKEN = f"ccx_{'a' * 12}_{'b' * 43}"


@pytest.fixture
def beating(db: None) -> None:
    heartbeat()


def test_livez_asks_nobody(client: Client) -> None:
    """Without the db mark any query would fail."""
    assert client.get("/livez").content == b"alive\n"


def test_probes_answer_under_any_host_name(client: Client, beating: None) -> None:
    assert client.get("/readyz", headers={"host": "10.1.2.3:8000"}).status_code == 200


def test_readyz_is_ready_when_all_is_well(client: Client, beating: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "degraded": []})


def test_readyz_degrades_but_serves_when_no_worker_beats(client: Client, db: None) -> None:
    cache.set(HEARTBEAT_KEY, time.time() - health.HEARTBEAT_LATE_SECONDS - 1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["degraded"]) == (200, ["worker"])


def test_readyz_degrades_but_serves_without_redis(client: Client, db: None, settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "ccx.kernel.forgetful.ForgetfulCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["degraded"]) == (200, ["redis", "worker"])


def test_readyz_degrades_when_events_wait_for_a_reader(client: Client, beating: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_event (kind, data, occurred_at, recorded_at)"
            " VALUES ('test', '{}', now(), now() - interval '5 minutes')"
        )
    assert client.get("/readyz").json() == {"status": "degraded", "degraded": ["event_age"]}


def test_readyz_refuses_while_a_migration_is_missing(
    client: Client, beating: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    health._migrations_seen_applied.cache_clear()
    monkeypatch.setattr(health, "_needed_migrations", lambda: frozenset({("kernel", "9999_not_yet")}))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "migrations")


def test_readyz_refuses_without_the_database(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise health.DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "database")


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Bearer \u00e9"])
def test_healthz_hides_without_the_token(client: Client, settings: Settings, header: str) -> None:
    settings.HEALTH_TOKEN = "the-token"
    assert client.get("/healthz", headers={"authorization": header}).status_code == 404


def test_healthz_does_not_exist_without_a_configured_token(client: Client, settings: Settings) -> None:
    settings.HEALTH_TOKEN = ""
    assert client.get("/healthz", headers={"authorization": "Bearer "}).status_code == 404


def test_healthz_tells_values_to_the_holder_of_the_token(client: Client, beating: None, settings: Settings) -> None:
    settings.HEALTH_TOKEN = "the-token"
    body = client.get("/healthz", headers={"authorization": "Bearer the-token"}).json()
    assert body["status"] == "ready"
    assert body["worker"]["fine"] is True
    assert set(body) == {"status", "database", "disk_free_mb", "redis", "worker", "event_age", "deliveries_aside"}


def test_while_the_database_is_away_everybody_is_told_when_to_come_again(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages and API alike, with a key and without; and never that the request was wrong."""

    def refuse(*_: object) -> None:
        raise OperationalError("could not connect to server")

    client.raise_request_exception = False
    client.cookies["sessionid"] = "x" * 32
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        page = client.get("/customers/")
        calls = [client.get("/api/v1/me"), client.get("/api/v1/me", headers={"authorization": f"Bearer {TOKEN}"})]
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "The database does not answer" in page.content.decode()
    for answer in calls:
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert (answer["Content-Type"], answer.json()["code"]) == ("application/problem+json", "unavailable")
        assert answer["RateLimit-Policy"]


def test_what_is_our_fault_stays_our_fault(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr(health, "is_outage", lambda _: False)

    def fail(*_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("ccx.kernel.access.middleware.caller_of", fail)
        answer = client.get("/api/v1/me", headers={"authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


@pytest.mark.parametrize("port", [0, 8001])
def test_a_host_that_is_not_ours_is_the_callers_mistake(
    client: Client, db: None, settings: Settings, port: int
) -> None:
    settings.SOCKETS_PORT = port
    for path in ("/accounts/login/", "/nowhere/", "/api/v1/me", "/in/x/"):
        assert client.get(path, headers={"host": "elsewhere.example"}).status_code == 400
    answer = client.get("/api/v1/me", headers={"host": "elsewhere.example", "authorization": f"Bearer {TOKEN}"})
    assert answer.status_code in {400, 401}
