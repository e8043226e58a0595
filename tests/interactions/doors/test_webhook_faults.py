"""A web process is killed in the middle of a delivery; nothing is lost and nothing doubled."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from ccx.kernel.events.failpoints import KILLED
from interactions.doors.models import Delivery
from interactions.doors.webhooks.services import sweep_deliveries
from interactions.models import Inbox, Interaction, Message
from tests.factories.providers import PretendAdapter, bring, pretend_line
from tests.killing import exit_code_of

pytestmark = pytest.mark.django_db(transaction=True)


def take(failpoint: str) -> int:
    """A web process that takes one delivery of the line; its exit code."""
    line = Inbox.objects.get(provider="pretend")
    return exit_code_of(lambda: bring(line, {"messages": [{"id": "m1", "text": "Hello"}]}), failpoint)


def test_killed_before_it_was_read_the_sweep_reads_it_and_after_it_nothing_is_left_to_do(
    pretend: PretendAdapter,
) -> None:
    line = pretend_line()
    assert take("delivery.after_keep") == KILLED
    assert (Delivery.objects.get().state, Message.objects.count()) == ("received", 0)
    # The provider heard nothing and comes again; then the sweep.
    assert bring(line, {"messages": [{"id": "m1", "text": "Hello"}]}).status_code == 200
    assert sweep_deliveries(now=timezone.now() + timedelta(minutes=1)) == 1
    assert (Delivery.objects.get().state, Message.objects.get().body) == ("done", "Hello")

    Message.objects.all().delete()
    Interaction.objects.all().delete()
    Delivery.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM interactions_rawcontact")
    assert take("delivery.after_process") == KILLED
    assert Delivery.objects.get().state == "done"
    assert bring(line, {"messages": [{"id": "m1", "text": "Hello"}]}).status_code == 200
    assert sweep_deliveries(now=timezone.now() + timedelta(minutes=1)) == 0
    assert Message.objects.count() == 1
