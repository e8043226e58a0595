"""The page of readers, for those who operate the centre."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.models import EventRow, QuarantinedEvent, ReaderEffect, ReaderPosition
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import AuditEntry
from ccx.kernel.people.choices import Role
from tests.factories.people import make_user
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import taken

PAGE = "/operations/readers/"


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


@pytest.fixture
def alice(event_log: None) -> Client:
    """An administrator."""
    return signed_in(Role.ADMINISTRATOR)


def who(client: Client) -> int:
    return int(client.session["_auth_user_id"])


def set_aside() -> QuarantinedEvent:
    """The first event of the log, as if the first reader had failed on it."""
    event = EventRow.objects.order_by("position")[0]
    return QuarantinedEvent.objects.create(
        reader="first",
        event_id=event.pk,
        position=event.position,
        kind=event.kind,
        error="ValueError at refresh.py:7",
        at=timezone.now(),
    )


def put_in_doubt() -> ReaderEffect:
    """The first effect, as if its worker had died."""
    effect = ReaderEffect.objects.order_by("pk")[0]
    ReaderEffect.objects.filter(pk=effect.pk).update(state="unknown", last_error="the worker died while sending")
    return effect


def test_the_page_tells_each_readers_place_and_trouble(alice: Client) -> None:
    tell(1, 2, 3)
    pump_everything()
    ReaderPosition.objects.filter(name="second").update(position=1, failures=2, last_error="KeyError at rules.py:9")
    set_aside()
    put_in_doubt()

    page = alice.get(PAGE)

    assert page.status_code == 200
    text = page.content.decode()
    assert text.count("ValueError at refresh.py:7") == 1
    assert page.context["table"].rows[1].cells[6].text == "KeyError at rules.py:9"
    assert [row.cells[1].text for row in page.context["table"].rows] == ["1 event aside", "Failing", "Up to date"]
    assert "Outcome unknown" in text
    assert page.context["table"].rows[1].cells[3].text == "2"


def test_an_empty_log_has_a_page_too(alice: Client) -> None:
    page = alice.get(PAGE)

    assert page.status_code == 200
    assert "No event stands aside." in page.content.decode()


def test_run_again_gives_the_event_to_its_reader(alice: Client) -> None:
    tell(1, 2)
    pump_everything()
    row = set_aside()

    answer = alice.post(f"{PAGE}first/quarantined/{row.event_id}/run-again/", follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "The reader took the event." in answer.content.decode()
    assert QuarantinedEvent.objects.count() == 0
    assert taken("first") == [1, 2, 1]
    entry = AuditEntry.objects.get(object_kind="quarantined_event")
    assert (entry.actor_id, entry.door) == (who(alice), "page")
    assert entry.after == {"name": "first", "event": row.event_id, "kind": row.kind}


def test_running_an_event_of_a_dropped_month_again_says_why_not(alice: Client) -> None:
    tell(1)
    pump_everything()
    row = set_aside()
    QuarantinedEvent.objects.update(position=99)

    answer = alice.post(f"{PAGE}first/quarantined/{row.event_id}/run-again/", follow=True)

    assert "cannot be run again" in answer.content.decode()
    assert QuarantinedEvent.objects.count() == 1


def test_send_again_queues_an_effect_in_doubt_and_no_other(alice: Client) -> None:
    tell(1, 2)
    pump_everything()
    doubtful = put_in_doubt()
    done = ReaderEffect.objects.order_by("pk")[1]

    alice.post(f"/operations/effects/{doubtful.pk}/send-again/")
    alice.post(f"/operations/effects/{done.pk}/send-again/")
    pump_everything()

    assert taken("outside") == [1, 2, 1]
    entry = AuditEntry.objects.get(object_kind="effect")
    assert (entry.actor_id, entry.door) == (who(alice), "page")
    assert entry.after == {"name": doubtful.reader, "event": doubtful.event_id, "was": "unknown"}


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.QUALITY_ANALYST, Role.EXPERIENCE_OWNER])
def test_charlie_finds_no_such_page_and_changes_nothing(event_log: None, role: Role) -> None:
    tell(1)
    pump_everything()
    row, effect = set_aside(), put_in_doubt()
    charlie = signed_in(role)

    answers = [
        charlie.get(PAGE),
        charlie.post(f"{PAGE}first/quarantined/{row.event_id}/run-again/"),
        charlie.post(f"/operations/effects/{effect.pk}/send-again/"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert QuarantinedEvent.objects.count() == 1
    assert ReaderEffect.objects.get().state == "unknown"


def test_strangers_sign_in_first(event_log: None) -> None:
    assert Client().get(PAGE).status_code == 302


def test_reading_changes_nothing_and_buttons_only_post(alice: Client) -> None:
    tell(1)
    pump_everything()
    row = set_aside()

    assert alice.get(f"{PAGE}first/quarantined/{row.event_id}/run-again/").status_code == 405
    assert QuarantinedEvent.objects.count() == 1


def test_the_page_costs_the_same_however_much_stands_aside(
    alice: Client, queries_do_not_grow: Callable[[Callable[[], object], Callable[[], object]], int]
) -> None:
    tell(1)
    pump_everything()
    set_aside()

    def add_rows() -> None:
        QuarantinedEvent.objects.bulk_create(
            QuarantinedEvent(reader="first", event_id=number, position=number, kind="x", error="", at=timezone.now())
            for number in range(1000, 1020)
        )

    def read() -> Any:
        return alice.get(PAGE)

    assert queries_do_not_grow(read, add_rows) > 0
