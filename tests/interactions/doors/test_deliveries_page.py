"""The page of what could not be read: seen by those who operate, saved byte for byte, read again, put away."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.models import AuditEntry, User
from ccx.kernel.people.choices import Role
from interactions.doors.deliveries.selectors import count_aside, forget_count
from interactions.doors.models import Delivery
from interactions.models import Message
from tests.factories.people import make_user
from tests.factories.providers import PretendAdapter, bring, pretend_line

pytestmark = pytest.mark.django_db
PAGE = "/operations/deliveries/"


@pytest.fixture
def aside(pretend: PretendAdapter) -> Delivery:
    bring(pretend_line("WhatsApp <b>"), raw=b'{"messages": [{"id": "m1", "text": "<script>1</script>"}, {}]}')
    return Delivery.objects.get(state="quarantined")


@pytest.fixture
def operator(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def test_it_shows_what_was_put_aside_and_what_is_late(operator: Client, aside: Delivery) -> None:
    shown = operator.get(PAGE).content.decode()
    assert "WhatsApp &lt;b&gt;" in shown
    assert "KeyError" in shown
    assert "script>1" not in shown
    Delivery.objects.update(state="received", received_at=timezone.now() - timedelta(minutes=5))
    shown = operator.get(PAGE).content.decode()
    assert "1 delivery came in and is not read yet" in shown
    assert "Everything that came in could be read." in shown


def test_the_rail_counts_them_for_who_operates_asked_once_a_minute(
    operator: Client, admin: User, aside: Delivery, django_assert_num_queries: Any, settings: Any
) -> None:
    forget_count()
    counted = '1 <span class="visually-hidden">put aside</span>'
    page = operator.get("/settings/inboxes/").content.decode()
    assert counted in page
    assert '1 <span class="visually-hidden">waiting for a person</span>' in page
    with django_assert_num_queries(0):
        assert count_aside(admin) == 1
    settings.HEALTH_TOKEN = "the-token"
    told = operator.get("/healthz", headers={"authorization": "Bearer the-token"}).json()
    assert told["deliveries_aside"] == {"value": 1, "fine": True}

    agent = make_user(Role.AGENT)
    assert count_aside(agent) == 0
    client = Client()
    client.force_login(agent)
    assert "put aside" not in client.get("/desk/").content.decode()
    operator.post(f"{PAGE}{aside.public_id}/put-away/")
    assert counted not in operator.get(PAGE).content.decode()


def test_it_is_saved_as_it_came_and_the_look_is_recorded(operator: Client, aside: Delivery) -> None:
    answer = operator.get(f"{PAGE}{aside.public_id}/original/")
    assert answer.content == bytes(aside.body)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{aside.public_id}.json"'
    assert AuditEntry.objects.filter(object_kind="delivery", object_id=str(aside.pk)).exists()


def test_it_is_read_again_or_put_away_and_then_gone(operator: Client, aside: Delivery) -> None:
    again = f"{PAGE}{aside.public_id}/read-again/"
    assert "It still cannot be read." in operator.post(again, follow=True).content.decode()
    # As a release would that understands it.
    Delivery.objects.update(body=b'{"messages": [{"id": "m1"}]}')
    assert "It was taken in." in operator.post(again, follow=True).content.decode()
    assert (Delivery.objects.get().state, Message.objects.count()) == ("done", 1)
    assert operator.post(again).status_code == 404
    Delivery.objects.update(state="quarantined", settled_at=None)
    assert "It was put away." in operator.post(f"{PAGE}{aside.public_id}/put-away/", follow=True).content.decode()
    assert Delivery.objects.get().state == "put_away"
