"""The cache while Redis is away: empty, quick, and well again by itself."""

import socket
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from ccx.kernel import forgetful
from ccx.kernel.models import AuditEntry
from tests.factories.people import PASSWORD, make_user


@pytest.fixture
def waits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """Redis takes connections and never answers; a warning for every wait that this cost."""
    told = Mock()
    monkeypatch.setattr(forgetful, "logger", told)
    monkeypatch.setattr(forgetful, "REST_SECONDS", 600)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        settings.CACHES = {"default": project.CACHES["default"] | {"LOCATION": address}}
        yield told


def test_a_redis_that_is_away_looks_empty_and_costs_one_wait(waits: Mock) -> None:
    cache.set("a", 1)
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_many(["a"]) == {}
    assert cache.add("a", 1) is True
    assert (cache.delete("a"), cache.touch("a"), "a" in cache) == (False, False, False)
    assert cache.get_or_set("a", 7) == 7
    assert cache.set_many({"a": 1}) == ["a"]
    cache.delete_many(["a"])
    with pytest.raises(ValueError, match="Nothing is counted"):
        cache.incr("a")
    assert waits.warning.call_count == 1


def test_it_is_asked_again_after_a_rest(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.set("a", 1)
    where = str(settings.CACHES["default"]["LOCATION"])
    monkeypatch.setitem(forgetful._rests_until, where, time.monotonic() + 60)
    assert cache.get("a") is None
    monkeypatch.setitem(forgetful._rests_until, where, 0.0)
    assert (cache.get("a"), cache.incr("a"), cache.get_many(["a"])) == (1, 2, {"a": 2})


def test_people_sign_in_and_are_refused_without_redis(db: None, client: Client, waits: Mock) -> None:
    ada = make_user("administrator")  # type: ignore[arg-type]
    for password, status in (("wrong", 200), (PASSWORD, 302)):
        told = {"login": ada.email, "password": password}
        assert client.post("/accounts/login/", told).status_code == status
    assert list(AuditEntry.objects.filter(action__in=["refused", "signed_in"]).values_list("action", flat=True)) == [
        "refused",
        "signed_in",
    ]
    assert waits.warning.call_count == 1
