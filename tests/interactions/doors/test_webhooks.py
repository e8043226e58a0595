"""The door of providers: who gets in, what is kept, and that one delivery has one effect however it is brought."""

import gzip
import json
import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import User
from interactions.cases.models import Interaction, Message
from interactions.channels.contract import Parsed
from interactions.channels.models import Inbox
from interactions.customers.services import erase_customer
from interactions.doors.models import Delivery
from interactions.doors.webhooks import services
from interactions.doors.webhooks.forgetting import purge_deliveries
from interactions.doors.webhooks.services import process, sweep_deliveries
from tests.factories.providers import PretendAdapter, bring, pretend_line, sign

pytestmark = pytest.mark.django_db
HELLO = {"messages": [{"id": "m1", "text": "Hello"}]}


@pytest.fixture
def line(pretend: PretendAdapter) -> Inbox:
    return pretend_line()


def delivery() -> Delivery:
    return Delivery.objects.get()


def test_a_delivery_becomes_a_contact_and_is_kept_as_it_came(line: Inbox) -> None:
    told = {"messages": [{"id": "m1", "text": "Grüße 👋", "meta": {"place": [52.5, 13.4]}}]}
    answer = bring(line, raw=json.dumps(told, ensure_ascii=False).encode(), path="?word=secret&step=2")
    assert (answer.status_code, answer.content) == (200, b"ok")
    message = Message.objects.get()
    assert (message.body, message.external_id, message.meta) == ("Grüße 👋", "m1", {"place": [52.5, 13.4]})
    kept = delivery()
    assert (kept.state, kept.attempts, kept.error) == ("done", 1, "")
    assert json.loads(bytes(kept.body)) == told
    assert kept.url.endswith(f"/in/{line.public_id}/?step=2")
    assert "x-signature" not in kept.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"x_signature": ""},
        {"x_signature": "0" * 64},
        {"x_signature": sign("http://127.0.0.1:8000/in/x/", b"")[:32]},
        {"x_signature": "sha256=" + "0" * 64},
        {"x_signature": "\u00e9"},
    ],
)
def test_what_is_not_signed_leaves_nothing_behind(line: Inbox, headers: dict[str, str]) -> None:
    answer = bring(line, HELLO, **headers)
    assert (answer.status_code, answer.content) == (403, b"forbidden")
    assert not Delivery.objects.exists()
    assert not Message.objects.exists()


def test_one_altered_byte_is_refused(line: Inbox) -> None:
    body = json.dumps(HELLO).encode()
    altered = body.replace(b"Hello", b"Hellp")
    signature = sign(f"http://127.0.0.1:8000/in/{line.public_id}/", body)
    assert bring(line, raw=altered, x_signature=signature).status_code == 403
    assert bring(line, raw=body, x_signature=signature).status_code == 200


def test_forwarding_headers_neither_break_nor_forge_the_address(line: Inbox, settings: LazySettings) -> None:
    settings.BASE_URL = "https://contact.example.org"
    told = {"x_forwarded_host": "evil.example", "x_forwarded_proto": "http", "x_forwarded_for": "10.0.0.1"}
    assert bring(line, HELLO, **told).status_code == 200
    forged = sign(f"http://evil.example/in/{line.public_id}/", json.dumps(HELLO).encode())
    assert bring(line, HELLO, x_signature=forged, **told).status_code == 403


def test_an_unknown_line_answers_as_a_wrong_signature_does_and_takes_as_long(line: Inbox) -> None:
    off = pretend_line("Off")
    Inbox.objects.filter(pk=off.pk).update(is_active=False)
    nobody = Inbox(public_id=uuid4())
    known = bring(line, HELLO, x_signature="no")
    for other in (off, nobody):
        answer = bring(other, HELLO)
        assert (answer.status_code, answer.content) == (known.status_code, known.content)
        assert dict(answer.headers) | {"X-Request-ID": ""} == dict(known.headers) | {"X-Request-ID": ""}

    def seconds(inbox: Inbox) -> float:
        start = time.perf_counter()
        bring(inbox, HELLO, x_signature="no")
        return time.perf_counter() - start

    rounds = [(seconds(line), seconds(nobody)) for _ in range(60)]
    there, gone = (statistics.median(times) for times in zip(*rounds, strict=True))
    assert 0.5 < there / gone < 2


def test_a_challenge_is_answered_as_plain_text(line: Inbox) -> None:
    answer = Client().get(f"/in/{line.public_id}/", {"challenge": "<script>1</script>"})
    assert answer.content == b"<script>1</script>"
    assert answer["content-type"].startswith("text/plain")
    assert answer["x-content-type-options"] == "nosniff"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_not_understood(line: Inbox, method: str) -> None:
    assert getattr(Client(), method)(f"/in/{line.public_id}/").status_code == 405


HOSTILE = [
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"messages": [{"id": NaN}]}',
    b'{"a": 1, "a": 2}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"messages": [{"id": "m", "text": "\\u0000"}]}',
    b'{"messages": [{"id": "m", "text": "\\ud800"}]}',
    b'{"messages": 7}',
    b"\xff\xfe",
    b"",
    b"null",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bodies_are_refused_unsigned_and_put_aside_signed(line: Inbox, body: bytes) -> None:
    assert bring(line, raw=body, x_signature="no").status_code == 403
    assert not Delivery.objects.exists()
    answer = bring(line, raw=body)
    assert (answer.status_code, answer.content) == (200, b"kept")
    assert delivery().state == "quarantined"
    assert bytes(delivery().body) == body
    assert not Message.objects.exists()


def test_bodies_that_are_too_large_packed_or_oddly_addressed_are_refused(line: Inbox) -> None:
    assert bring(line, raw=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413
    assert bring(line, raw=gzip.compress(bytes(5_000_000)), content_encoding="gzip").status_code == 415
    assert bring(line, HELLO, path="?" + "a=1&" * 400).status_code == 414
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_one_delivery_and_one_effect(pretend: PretendAdapter) -> None:
    line = pretend_line()
    statuses: list[int] = []

    def come() -> None:
        try:
            statuses.append(bring(line, HELLO).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=come) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 50
    assert (Delivery.objects.count(), Message.objects.count(), Interaction.objects.count()) == (1, 1, 1)
    later = timezone.now() - timedelta(days=3)
    Delivery.objects.update(received_at=later, settled_at=later)
    assert bring(line, HELLO).status_code == 200
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_brought_is_waited_for_on_the_disk_and_what_becomes_of_it_is_not(
    pretend: PretendAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def waits(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            found.append((name, cursor.fetchone()[0], connection.in_atomic_block))

    line = pretend_line()
    settle = services._settle
    monkeypatch.setattr(services, "_settle", lambda *given, **named: (settle(*given, **named), waits("settled"))[0])
    monkeypatch.setattr(services.failpoints, "reach", waits)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    assert bring(line, HELLO).status_code == 200
    assert found == [
        ("delivery.after_keep", "on", False),
        ("settled", "off", True),
        ("delivery.after_process", "on", False),
    ]


@pytest.mark.django_db(transaction=True)
def test_what_the_sweep_made_of_a_delivery_while_its_request_still_read_it_stands(
    pretend: PretendAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse, swept = pretend.parse, []

    def read(*given: Any, **named: Any) -> Parsed:
        if swept:
            raise ValueError("The sweep cannot read it.")
        swept.append(threading.Thread(target=sweep))
        swept[0].start()
        swept[0].join()
        return parse(*given, **named)

    def sweep() -> None:
        sweep_deliveries(now=timezone.now() + timedelta(minutes=1))
        connection.close()

    line = pretend_line()
    monkeypatch.setattr(pretend, "parse", read)
    answer = bring(line, HELLO)
    assert (answer.status_code, answer.content) == (200, b"kept")
    assert (delivery().state, delivery().attempts) == ("quarantined", 1)
    assert Message.objects.count() == 0


def test_a_provider_is_answered_without_what_browsers_need(line: Inbox) -> None:
    answer = bring(line, HELLO)
    assert not {"Set-Cookie", "Vary", "Content-Language"} & set(answer.headers)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Request-ID"]
    nowhere = Client().post("/in/nobody/", b"{}", content_type="application/json")
    assert (nowhere.status_code, nowhere["Content-Type"]) == (404, "application/problem+json")
    assert Client().get(f"/in/{line.public_id}/", headers={"host": "other.invalid"}).status_code == 400


def test_the_same_words_under_another_number_are_another_delivery(line: Inbox) -> None:
    bring(line, {}, x_number="1")
    bring(line, {}, x_number="2")
    bring(line, {}, x_number="2")
    assert Delivery.objects.count() == 2


def test_what_was_forgotten_and_comes_again_has_no_second_effect(line: Inbox) -> None:
    bring(line, HELLO)
    assert purge_deliveries(before=timezone.now()) == 1
    assert bring(line, HELLO).status_code == 200
    assert Message.objects.count() == 1


def test_the_good_parts_of_a_delivery_go_in_and_the_bad_ones_are_put_aside(line: Inbox) -> None:
    told = {
        "messages": [{"id": "m1"}, {"id": "m2", "at": "2026-03-02T09:00:00"}, {"id": "m3"}],
        "broken": ["a thing nobody knows"],
    }
    assert bring(line, told).content == b"ok"
    assert sorted(Message.objects.values_list("external_id", flat=True)) == ["m1", "m3"]
    assert delivery().state == "quarantined"
    assert delivery().error.startswith("2 of 4: a thing nobody knows; ")


def test_trouble_with_the_database_leaves_it_to_the_sweep(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = services.receive

    def away(**_: Any) -> None:
        raise OperationalError("the server went away")

    monkeypatch.setattr(services, "receive", away)
    assert bring(line, HELLO).status_code == 200
    assert delivery().state == "received"
    assert sweep_deliveries() == 0
    soon = timezone.now() + timedelta(seconds=31)
    assert sweep_deliveries(now=soon) == 1
    assert (delivery().state, delivery().attempts) == ("received", 1)
    assert sweep_deliveries(now=soon) == 0
    monkeypatch.setattr(services, "receive", receive)
    assert sweep_deliveries(now=soon + timedelta(seconds=60)) == 1
    assert delivery().state == "done"
    assert Message.objects.count() == 1


def test_what_makes_trouble_for_ever_is_put_aside(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> None:
        raise OperationalError("always")

    monkeypatch.setattr(services, "receive", away)
    bring(line, HELLO)
    for _ in range(services.MOST_ATTEMPTS):
        sweep_deliveries(now=timezone.now() + timedelta(days=30))
    assert delivery().state == "quarantined"


def test_read_again_is_taken_in_once_the_cause_is_mended(line: Inbox, pretend: PretendAdapter) -> None:
    parse, pretend.parse = pretend.parse, lambda *_a, **_k: {}["gone"]  # type: ignore[method-assign]
    assert bring(line, HELLO).content == b"kept"
    pretend.parse = parse  # type: ignore[method-assign]
    assert process(delivery_id=delivery().pk) is False
    assert process(delivery_id=delivery().pk, is_again=True) is True
    assert (delivery().state, delivery().error, Message.objects.count()) == ("done", "", 1)


def edit(text: str | None, minute: int) -> dict[str, Any]:
    return {"edits": [{"external_id": "m1", "body": text, "at": f"2026-03-02T09:{minute:02}:00+00:00"}]}


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_whatever_comes_first_the_end_is_the_same(line: Inbox, order: tuple[int, ...]) -> None:
    parts = [
        HELLO,
        edit("Hello all", 1),
        edit(None, 2),
        {"messages": [{"id": "m2", "at": "2026-03-02T08:59:00+00:00"}]},
    ]
    for number in order:
        assert bring(line, parts[number]).content == b"ok"
    message = Message.objects.get(external_id="m1")
    assert message.body == ""
    assert message.meta["first"] == "Hello"
    assert message.meta["is_taken_back"] is True
    assert [one["body"] for one in message.meta["edits"]] == ["Hello all", None]
    assert Interaction.objects.count() == 1
    assert list(Message.objects.order_by("sent_at").values_list("external_id", flat=True)) == ["m2", "m1"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_an_edit_of_what_never_comes_stops_waiting_after_a_day(line: Inbox) -> None:
    bring(line, edit("x", 1))
    assert delivery().state == "received"
    Delivery.objects.update(received_at=timezone.now() - timedelta(days=2))
    sweep_deliveries()
    assert (delivery().state, delivery().error) == ("done", services.NEVER_CAME)


def test_a_report_about_nothing_we_know_is_kept_for_later(line: Inbox) -> None:
    report = {"provider_id": "p1", "state": "delivered"}
    assert bring(line, {"reports": [report, report]}).content == b"ok"
    assert delivery().state == "done"


def test_keeping_and_reading_cost_the_same_whatever_lies_there(
    line: Inbox, queries_do_not_grow: Callable[[Callable[[], object], Callable[[], object]], int]
) -> None:
    numbers = iter(range(10_000))

    def one() -> None:
        bring(line, {"messages": [{"id": f"n{next(numbers)}"}]})

    assert queries_do_not_grow(one, lambda: [one() for _ in range(5)]) < 40


@pytest.mark.django_db(transaction=True)
def test_the_bytes_that_brought_a_customers_words_go_with_the_customer(line: Inbox, admin: User) -> None:
    changed = {"external_id": "theirs-1", "body": "secret of one, again", "at": "2026-03-02T09:01:00+00:00"}
    bring(line, {"messages": [{"id": "theirs-1", "from": "1", "text": "secret of one"}]})
    bring(line, {"messages": [{"id": "theirs-2", "from": "1"}], "broken": ["x"]})
    bring(line, {"messages": [{"id": "theirs-3", "from": "2", "text": "another's"}]})
    bring(line, {"edits": [changed]})
    customer = Interaction.objects.get(raw_contacts__external_id="theirs-1").customer
    assert customer is not None
    assert Delivery.objects.count() == 4
    erase_customer(customer_id=customer.pk, by=admin)
    pump_everything()
    assert b"another's" in bytes(delivery().body)
    said = Message.objects.filter(interaction__customer=customer).values_list("body", "meta")
    assert set(map(str, said)) == {"('', {})"}
