"""January 1999 of a real bank's calls, imported once for all stories about it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from ccx.kernel.events.pumping import pump_everything
from tests.conftest import real_data_folder
from tests.factories.sandboxes import sandbox

BANK = "call_log_anonymous_bank_1999"


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The month's file through the command and the pump; taken back when the module's tests are over."""
    with django_db_blocker.unblock(), sandbox():
        call_command("import_history", real_data_folder() / BANK / "january.txt.gz", mapping="anonymous_bank")
        # Nothing is committed, so no autovacuum will do it.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        pump_everything()
        yield


@pytest.fixture
def db(imported: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: January as imported; what a test does to it is taken back."""
    with django_db_blocker.unblock(), sandbox():
        yield
