"""A machine that may everything, and limits that begin afresh with each test."""

import uuid
from dataclasses import replace

import pytest
from pytest_django import Settings

from ccx.kernel.access import rates
from tests.factories.api import Api, make_api


@pytest.fixture
def api(db: None) -> Api:
    return make_api()


@pytest.fixture
def stranger(db: None) -> Api:
    """A machine with every scope and no grant: it must see nobody's rows."""
    return make_api(sees_all=False)


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Counters live on in Redis; a name of its own gives each test its own."""
    mark = uuid.uuid4().hex
    whole = rates.Limiter.take

    def take(self: rates.Limiter, *, bucket: str, rate: rates.Rate) -> rates.Decision:
        return replace(whole(self, bucket=f"{mark}:{bucket}", rate=rate), rate=rate)

    monkeypatch.setattr(rates.Limiter, "take", take)
