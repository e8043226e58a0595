"""Limits: told on every answer, kept under load, and no obstacle when Redis is away."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django import Settings

from ccx.kernel.access.rates import Limiter, Rate, limiter_at
from tests.factories.api import Api

ME = "/api/v1/me"


def test_a_burst_passes_and_then_one_each_spacing() -> None:
    limiter, rate = Limiter(project.REDIS_URL), Rate(name="t", per_minute=600, burst=3)
    taken = [limiter.take(bucket="a", rate=rate) for _ in range(4)]
    assert [decision.is_allowed for decision in taken] == [True, True, True, False]
    assert [decision.remaining for decision in taken] == [2, 1, 0, 0]
    assert 0 < taken[3].retry_after <= 0.1
    time.sleep(taken[3].retry_after + 0.01)
    assert limiter.take(bucket="a", rate=rate).is_allowed
    assert limiter.take(bucket="b", rate=rate).is_allowed


def test_many_at_once_get_exactly_the_burst() -> None:
    limiter, rate = Limiter(project.REDIS_URL), Rate(name="t", per_minute=1, burst=10)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: limiter.take(bucket="race", rate=rate).is_allowed, range(60)))
    assert taken.count(True) == 10


def test_every_answer_tells_the_limit(api: Api) -> None:
    answers = [
        api.get(ME),
        api.get("/api/v1/nowhere"),
        api.get("/api/v2/me"),
        api.get("/api"),
        api.get("/api/v1/interactions", sort="nonsense"),
        api.post("/api/v1/contacts", b"["),
        api.client.delete(ME, headers=api.headers()),
        Client().get(ME),
        Client().get("/api/v1/nowhere"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 404, 400, 400, 405, 401, 404]
    for answer in answers:
        assert answer["RateLimit-Policy"].startswith(('"api";q=600;w=6', '"address";q=60;w=30'))
        assert ";r=" in answer["RateLimit"]
        assert int(answer["X-RateLimit-Remaining"]) < int(answer["X-RateLimit-Limit"])
        assert int(answer["X-RateLimit-Reset"]) >= 0


def test_a_request_counts_once(api: Api) -> None:
    first = int(api.get(ME)["X-RateLimit-Remaining"])
    assert first - int(api.get(ME)["X-RateLimit-Remaining"]) <= 1


def test_too_many_are_refused_with_the_time_to_wait(api: Api, settings: Settings) -> None:
    settings.CCX_API_REQUESTS_PER_MINUTE = 10
    assert api.get(ME).status_code == 200
    for answer in (api.get(ME), api.post("/api/v1/contacts", {})):
        assert answer.status_code == 429
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "too_many_requests"
        assert 1 <= int(answer["Retry-After"]) <= 6
        assert answer["X-RateLimit-Remaining"] == "0"


def test_guessing_keys_is_limited_by_address_whatever_the_client_says_it_is(db: None) -> None:
    client = Client()
    statuses = [
        client.get(
            ME, headers={"Authorization": f"Bearer ccx_aaaaaaaaaaaa_{'x' * 43}", "X-Forwarded-For": f"10.0.0.{number}"}
        ).status_code
        for number in range(70)
    ]
    assert set(statuses) == {401, 429}
    assert statuses[:60] == [401] * 60


def test_without_redis_everybody_gets_in_and_nobody_waits_long(api: Api, settings: Settings) -> None:
    with socket.socket() as silent:  # accepts, and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        begun = time.monotonic()
        answers = [api.get(ME) for _ in range(20)]
        assert time.monotonic() - begun < 2
    limiter_at.cache_clear()
    assert {answer.status_code for answer in answers} == {200}
    assert answers[-1]["X-RateLimit-Limit"] == "600"
    assert "X-RateLimit-Remaining" not in answers[-1]


@pytest.mark.parametrize("per_minute", [1, 60, 6000, 10_000_000_000])
def test_any_rate_has_a_spacing(per_minute: int) -> None:
    rate = Rate(name="t", per_minute=per_minute, burst=1)
    assert rate.spacing >= 1
    assert rate.window_seconds >= 1
