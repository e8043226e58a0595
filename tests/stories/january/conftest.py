"""January 1999 of a real bank's calls, imported once for all stories about it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from analytics.rollups.reader import FACTS
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.events.running import run_reader
from ccx.kernel.events.sequencer import number_events
from ccx.kernel.people.services.service_users import service_user
from interactions.doors.history.mapping import load_mapping, shipped_mappings
from interactions.doors.history.running import run_import
from interactions.doors.models import ImportRun
from tests.conftest import real_data_folder
from tests.factories.figures import an_administrator
from tests.factories.sandboxes import sandbox

MAPPING = "anonymous_bank"


def january_file() -> Path:
    return real_data_folder() / "call_log_anonymous_bank_1999" / "january.txt.gz"


def learn_sizes() -> None:
    """Nothing is committed here, so no autovacuum tells the planner how large the tables have become."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: Any) -> Iterator[ImportRun]:
    """The month's file, stopped once and resumed, then the pump; taken back when the module's tests are over."""
    with django_db_blocker.unblock(), sandbox():
        mapping = load_mapping(shipped_mappings()[MAPPING].read_text())
        run = ImportRun.objects.create(
            file_name=january_file().name, mapping=mapping.raw, started_by=service_user("importer")
        )
        run_import(run, path=january_file(), stop_after=1)
        number_events()
        run_reader(FACTS, max_batches=1)
        learn_sizes()
        run = run_import(ImportRun.objects.get(pk=run.pk), path=january_file())
        learn_sizes()
        pump_everything()
        yield run


@pytest.fixture
def db(imported: ImportRun, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: January as imported; what a test does to it is taken back."""
    with django_db_blocker.unblock(), sandbox():
        yield


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(an_administrator())
    return client


@pytest.fixture(scope="session")
def reference() -> dict[str, Any]:
    """What was computed from the same file by other means."""
    found: dict[str, Any] = json.loads((january_file().parent / "reference_january.json").read_text())
    return found


def import_again() -> None:
    """The command itself, and the readers."""
    call_command("import_history", january_file(), mapping=MAPPING, verbosity=0)
    pump_everything()
