"""Signs of ours on the customer's side: somebody writes, and what they sent was seen."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox, LineHealth, LineState
from interactions.handling import tasks
from interactions.models import Interaction
from tests.factories.contacts import Centre, claim
from tests.factories.desks import arrive, sit_down
from tests.factories.lines import CAN, PretendLine, pretend_lines
from tests.factories.people import make_grant, make_user

PHONE = "+4915112345678"


@pytest.fixture(autouse=True)
def told() -> Iterator[list[tuple[str, ...]]]:
    """What a WhatsApp line was asked to show, by workers that answer at once."""
    cache.clear()
    shown: list[tuple[str, ...]] = []
    can = replace(CAN[Channel.WHATSAPP], shows_typing=True, shows_read=True)

    def typing(_line: Any, recipient: str, *, last_heard: str = "") -> None:
        shown.append(("typing", recipient, last_heard))

    with (
        pretend_lines(whatsapp=can) as lines,
        patch.object(PretendLine, "tell_typing", lambda self, *args, **more: typing(*args, **more)),
        patch.object(PretendLine, "tell_read", lambda self, _line, told: shown.append(("read", told))),
        patch.object(tasks, "_ask", lambda task, record: task.run(record)),
    ):
        assert lines
        yield shown


@pytest.fixture
def whatsapp(centre: Centre) -> Inbox:
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)
    return Inbox.objects.create(name="whatsapp", channel=Channel.WHATSAPP, default_queue=centre.queue)


def client_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def heard(inbox: Inbox, external_id: str = "wamid.1", **fields: Any) -> Interaction:
    number = arrive(inbox, external_id, identity=claim(PHONE, kind="whatsapp"), thread_token=PHONE, **fields)
    return Interaction.objects.get(pk=number)


def test_typing_is_shown_once_in_five_seconds_however_much_is_typed(
    whatsapp: Inbox, told: list[tuple[str, ...]]
) -> None:
    record = str(heard(whatsapp).public_id)
    for _key in range(20):
        tasks.agent_types(record=record)
    assert told == [("typing", PHONE, "wamid.1")]


def test_what_was_read_is_shown_once_for_each_newest_message_and_only_by_who_may_answer(
    centre: Centre, whatsapp: Inbox, told: list[tuple[str, ...]]
) -> None:
    contact = heard(whatsapp)
    page = f"/desk/{contact.public_id}/"
    onlooker = make_user(team=None, email="looks@example.test")
    assert client_of(onlooker).get(page).status_code == 404
    assert told == []
    sit_down(centre.alice)
    browser = client_of(centre.alice)
    for _look in range(3):
        assert browser.get(page).status_code == 200
    assert told == [("read", "wamid.1")]
    heard(whatsapp, "wamid.2", occurred_at=timezone.now())
    browser.get(f"{page}_thread/", HTTP_HX_REQUEST="true")
    browser.get(f"{page}_thread/", HTTP_HX_REQUEST="true")
    assert told[1:] == [("read", "wamid.2")]


def test_nothing_is_shown_where_the_channel_cannot_the_line_is_down_or_the_contact_over(
    centre: Centre, whatsapp: Inbox, told: list[tuple[str, ...]]
) -> None:
    mail = str(Interaction.objects.get(pk=arrive(centre.email)).public_id)
    contact = heard(whatsapp)
    health = LineHealth.objects.create(inbox=whatsapp, state=LineState.DOWN, since=timezone.now(), failures=3)
    for record in (mail, str(contact.public_id), "00000000-0000-7000-8000-000000000000"):
        tasks.agent_types(record=record)
        tasks.contact_seen(record=record)
    assert told == []
    health.delete()
    cache.clear()
    tasks.contact_seen(record=str(contact.public_id))
    assert told == [("read", "wamid.1")]


def test_a_broker_that_is_away_keeps_nobody_from_the_desk(
    centre: Centre, whatsapp: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = heard(whatsapp)

    def away(*_args: Any, **_more: Any) -> None:
        raise OSError("no broker")

    monkeypatch.undo()
    with patch.object(tasks.tell_read, "apply_async", away), patch.object(tasks.tell_typing, "apply_async", away):
        assert client_of(centre.alice).get(f"/desk/{contact.public_id}/").status_code == 200
        tasks.agent_types(record=str(contact.public_id))
