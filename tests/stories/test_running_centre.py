"""What may stop while a whole centre runs: nothing that was accepted is lost, and nothing counts twice."""

import json
import time
import urllib.request
from collections.abc import Iterator
from uuid import uuid4

import pytest

from analytics.facts.models import Fact
from interactions.channels.choices import Channel
from interactions.models import Inbox, Interaction
from tests.e2e.centre import Centre, eventually, running_centre
from tests.factories.api import make_api
from tests.factories.derived import assert_derived_is_true


@pytest.fixture
def centre(transactional_db: None) -> Iterator[Centre]:
    with running_centre() as running:
        yield running


def test_redis_stops_workers_and_schedulers_are_killed_and_each_contact_counts_once(centre: Centre) -> None:
    inbox = Inbox.objects.create(name="Support", channel=Channel.EMAIL, address="support@example.org")
    token = make_api().token
    tried: list[bytes] = []

    def tell(number: int) -> float:
        """So many contacts, the last one twice; the seconds of the slowest."""
        slowest = 0.0
        for _ in range(number):
            body = {"inbox": str(inbox.public_id), "external_id": uuid4().hex, "body": "Where is my parcel?"}
            body["identity"] = {"kind": "email", "value": f"ann{len(tried) % 7}@example.test", "assurance": "attested"}  # type: ignore[assignment]
            tried.append(json.dumps(body).encode())
            slowest = max(slowest, _post(centre, token, tried[-1], status=201))
        return max(slowest, _post(centre, token, tried[-1], status=200))

    tell(10)
    eventually(lambda: Fact.objects.count() == 10, "ten facts")

    centre.kill("worker")
    tell(10)
    centre.start("worker")
    eventually(lambda: Fact.objects.count() == 20, "twenty facts")

    centre.stop_redis()
    assert tell(10) < 5
    with urllib.request.urlopen(f"{centre.address}/accounts/login/", timeout=5) as page:
        assert page.status == 200
    centre.start_redis()
    eventually(lambda: Fact.objects.count() == 30, "thirty facts")

    centre.kill("scheduler")
    centre.start("scheduler")
    first = centre.running.pop("scheduler")
    centre.start("scheduler")
    centre.running["another scheduler"] = first
    centre.kill("worker")
    tell(10)
    centre.start("worker")
    eventually(lambda: Fact.objects.count() == 40, "forty facts")

    assert Interaction.objects.count() == len(tried) == 40
    assert_derived_is_true()


def _post(centre: Centre, token: str, body: bytes, *, status: int) -> float:
    request = urllib.request.Request(
        f"{centre.address}/api/v1/contacts",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    started = time.monotonic()
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == status, answer.read()
    return time.monotonic() - started
