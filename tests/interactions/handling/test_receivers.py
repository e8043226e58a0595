"""Systems that are called with our answers: a slow one holds up no other, one that is gone for days is let be."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.people.choices import Role
from interactions.channels.choices import Channel
from interactions.channels.models import LineHealth
from interactions.channels.services import keep_credentials, save_line, switch_line
from interactions.handling import outgoing
from interactions.handling.models import Sending, SendingState
from interactions.handling.outgoing import lines_with_due_messages, send_due_messages, send_line
from interactions.models import Inbox, Message
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, reply
from tests.factories.people import make_user
from tests.factories.webservers import Heard, Said, StandIn, stand_in

SECRET = "whsec_" + "bmV3" * 8


@pytest.fixture
def receiver(settings: Any) -> Iterator[StandIn]:
    settings.CCX_UNDO_SECONDS = 0
    with stand_in() as standing:
        yield standing


def a_line(centre: Centre, receiver: StandIn, name: str = "shop") -> Inbox:
    line = Inbox.objects.create(
        name=name, channel=Channel.API, default_queue=centre.queue, settings={"url": receiver.url}
    )
    return keep_credentials(inbox_id=line.pk, credentials={"secret": SECRET}, by=None)


def answers(line: Inbox, centre: Centre, *bodies: str) -> list[str]:
    """One answer each to contacts of different customers; their ids, as the receiver will know them."""
    numbers = [
        arrive(line, f"{line.name}-{body}", identity=claim(f"{line.name}-{body}", kind="account")) for body in bodies
    ]
    said = [reply(number, centre.alice, body=body) for number, body in zip(numbers, bodies, strict=True)]
    return [f"msg_{one.message.public_id}" for one in said]


def told(receiver: StandIn) -> list[str]:
    return [heard.headers["webhook-id"] for heard in receiver.heard]


def is_due_again() -> None:
    LineHealth.objects.update(retry_at=timezone.now())
    Sending.objects.filter(state=SendingState.QUEUED).update(due_at=timezone.now())


def test_few_workers_speak_to_one_receiver_at_once_and_others_are_served(
    centre: Centre, receiver: StandIn, settings: Any
) -> None:
    settings.CCX_LINE_SENDERS = 2
    slow, other = a_line(centre, receiver), a_line(centre, receiver, "other")
    answers(slow, centre, "one")
    answers(other, centre, "two")
    busy = connection.copy()
    try:
        with busy.cursor() as elsewhere:
            for place in (0, 1):
                name = f"line:{slow.pk}:{place}"
                elsewhere.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [0x43435845, name])
        assert send_line(inbox_id=slow.pk) == 0
        assert send_line(inbox_id=other.pk) == 1
        with busy.cursor() as elsewhere:
            elsewhere.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [0x43435845, name])
        assert send_line(inbox_id=slow.pk) == 1
    finally:
        busy.close()


def test_nobody_stays_long_with_one_receiver(
    centre: Centre, receiver: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(_heard: Heard) -> Said:
        time.sleep(0.03)
        return Said()

    receiver.answer = slowly
    monkeypatch.setattr(outgoing, "LONGEST_TURN", 0.01)
    line = a_line(centre, receiver)
    sent = answers(line, centre, "one", "two")
    assert [send_line(inbox_id=line.pk), send_line(inbox_id=line.pk)] == [1, 1]
    assert told(receiver) == sent


def test_a_receiver_that_fails_for_three_days_is_given_up_and_called_again_when_an_administrator_says_so(
    centre: Centre, receiver: StandIn
) -> None:
    boss = make_user(Role.ADMINISTRATOR)
    line = a_line(centre, receiver)
    sent = answers(line, centre, "one", "two", "three", "four")
    pump_everything()
    receiver.answer = lambda _heard: Said(500, b"<b>secret</b>")
    send_due_messages()
    assert LineHealth.objects.get().state == "down"
    LineHealth.objects.update(since=timezone.now() - timedelta(days=2, hours=23))
    is_due_again()
    assert send_due_messages() == 1
    assert not LineHealth.objects.get().is_given_up
    LineHealth.objects.update(since=timezone.now() - timedelta(days=3))
    is_due_again()
    assert send_due_messages() == 1
    assert LineHealth.objects.get().is_given_up

    # From here on it is not called, and nothing that waits, or is written meanwhile, is lost.
    receiver.answer, receiver.heard = lambda _heard: Said(), []
    sent += answers(line, centre, "five")
    Sending.objects.filter(state=SendingState.QUEUED).update(due_at=timezone.now())
    assert (lines_with_due_messages(), send_line(inbox_id=line.pk), receiver.heard) == ([], 0, [])
    agent, admin = Client(), Client()
    agent.force_login(centre.alice)
    admin.force_login(boss)
    assert "is not tried any more" in agent.get("/desk/").text
    page = f"/settings/inboxes/{line.public_id}/"
    shown = admin.get(page).text
    assert "Given up" in shown
    assert "<b>secret" not in shown
    pump_everything()

    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([boss.email], "The line shop needs you")
    assert page in str(letter.body)

    assert agent.post(f"{page}resume/").status_code == 404
    assert admin.post(f"{page}resume/").status_code == 302
    assert "Given up" not in admin.get(page).text
    assert send_due_messages() == 1  # the first alone, and then all the others
    send_due_messages()
    assert sorted(told(receiver)) == sorted(sent)
    assert LineHealth.objects.get().state == "well"
    kinds = EventRow.objects.filter(kind="line_changed").order_by("pk")
    assert [row.data["state"] for row in kinds] == ["down", "given_up", "well"]


def test_a_receiver_that_says_it_is_gone_is_given_up_at_once_and_a_changed_address_brings_it_back(
    centre: Centre, receiver: StandIn
) -> None:
    receiver.answer = lambda _heard: Said(410)
    line = a_line(centre, receiver)
    sent = answers(line, centre, "one")
    send_due_messages()
    assert LineHealth.objects.get().is_given_up
    assert Sending.objects.get().state == SendingState.QUEUED
    receiver.answer = lambda _heard: Said()
    save_line(inbox_id=line.pk, values={"settings": {"url": f"{receiver.url}/new"}}, by=None)
    send_due_messages()
    assert (told(receiver)[1:], Message.objects.filter(sending__state="sent").count()) == (sent, 1)


def test_a_line_that_is_switched_off_sends_nothing_until_it_is_on_again(centre: Centre, receiver: StandIn) -> None:
    line = a_line(centre, receiver)
    answers(line, centre, "one")
    switch_line(inbox_id=line.pk, is_active=False, by=None)
    assert (send_due_messages(), send_line(inbox_id=line.pk), receiver.heard) == (0, 0, [])
    switch_line(inbox_id=line.pk, is_active=True, by=None)
    assert send_due_messages() == 1
