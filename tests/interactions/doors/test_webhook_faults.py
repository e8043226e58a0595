"""A web process is killed in the middle of a delivery; nothing is lost and nothing doubled."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from interactions.doors.models import Delivery
from interactions.doors.webhooks.services import sweep_deliveries
from interactions.models import Interaction, Message
from tests.factories.providers import PretendAdapter, bring, pretend_line

pytestmark = pytest.mark.django_db(transaction=True)


def take(failpoint: str) -> int:
    """A process's whole life; its exit code."""
    database = connection.settings_dict
    at = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    address = f"postgresql://{database['USER']}:{database['PASSWORD']}@{at}"
    environment = os.environ | {"DATABASE_URL": address, "CCX_FAILPOINT": failpoint, "CCX_FAILPOINTS_ALLOWED": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.interactions.doors.webhook_process"],
        env=environment | {"DJANGO_SETTINGS_MODULE": "ccx.settings.test"},
        cwd=settings.BASE_DIR,
        timeout=60,
        check=False,
        capture_output=True,
    )
    return done.returncode


def test_killed_before_it_was_read_the_sweep_reads_it_and_after_it_nothing_is_left_to_do(
    pretend: PretendAdapter,
) -> None:
    line = pretend_line()
    assert take("delivery.after_keep") == 137
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
    assert take("delivery.after_process") == 137
    assert Delivery.objects.get().state == "done"
    assert bring(line, {"messages": [{"id": "m1", "text": "Hello"}]}).status_code == 200
    assert sweep_deliveries(now=timezone.now() + timedelta(minutes=1)) == 0
    assert Message.objects.count() == 1
