"""A rebuild among those who read and write: they see old figures or new ones, and nothing of it stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from analytics.facts.models import Fact
from analytics.rollups.rebuild import rebuild_facts, rebuild_rollups
from analytics.rollups.refresh import refresh_facts
from benchmarks.dataset import CONFIGURATION, TABLES, make_contacts
from tests.factories.derived import assert_derived_is_true
from tests.services import database_address

WHAT_STANDS = """
SELECT format('%s %s %s', c.relname, c.relkind, c.reloptions) FROM pg_class c
WHERE relnamespace = 'public'::regnamespace AND relname ~ '^(analytics|fact|cube|agent)_'
UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid::regclass::text LIKE 'analytics%'
UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text LIKE 'analytics%'
UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'analytics%'
ORDER BY 1
"""
WAIT = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
WAITING = f"SELECT count(*) {WAIT}"


def asked(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@pytest.fixture
def reader(transactional_db: None) -> Iterator[Any]:
    """A hundred contacts with their figures, and somebody who has begun to read the facts."""
    with connection.cursor() as cursor:
        cursor.execute(CONFIGURATION)
    make_contacts(first=1, last=100, newest=100)
    rebuild_facts()
    rebuild_rollups()
    other = psycopg2.connect(database_address())
    cursor = other.cursor("facts")
    cursor.itersize = 1
    cursor.execute("SELECT interaction_id FROM analytics_fact")
    assert cursor.fetchone() is not None
    yield cursor
    other.close()
    connection.close()
    with connection.cursor() as tidy:  # rows that were written past all checks are not Django's to flush
        tidy.execute(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE")


def in_the_background(action: Callable[[], object]) -> Thread:
    def act() -> None:
        try:
            action()
        finally:
            connection.close()

    thread = Thread(target=act)
    thread.start()
    return thread


def test_a_rebuild_that_is_killed_changes_nothing_and_one_that_lives_loses_no_change(reader: Any) -> None:
    stood = asked(WHAT_STANDS)
    rebuild = [sys.executable, "manage.py", "rebuild_analytics"]
    environment = {"DJANGO_SETTINGS_MODULE": "ccx.settings.test"} | os.environ | {"DATABASE_URL": database_address()}
    killed = subprocess.Popen(rebuild, cwd=settings.BASE_DIR, env=environment)
    until(lambda: asked(WAITING) == [(1,)])  # everything is computed, and waits for who reads
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    asked(f"SELECT pg_terminate_backend(pid) {WAIT}")
    until(lambda: asked(WAITING) == [(0,)])
    assert (asked(WHAT_STANDS), Fact.objects.count()) == (stood, 100)

    rebuilding = in_the_background(rebuild_facts)
    until(lambda: asked(WAITING) == [(1,)])
    make_contacts(first=101, last=110, newest=110)
    refreshing = in_the_background(lambda: refresh_facts(range(101, 111)))
    until(lambda: asked(WAITING) == [(2,)])
    assert len(reader.fetchall()) == 99  # what was begun is read to its end
    reader.connection.rollback()
    rebuilding.join(timeout=30)
    refreshing.join(timeout=30)

    assert asked(WHAT_STANDS) == stood
    assert Fact.objects.count() == 110
    assert_derived_is_true()


@pytest.mark.django_db
def test_what_else_is_made_of_the_facts_stays_as_it_is() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CONFIGURATION)
        make_contacts(first=1, last=20, newest=20)
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("CREATE VIEW of_the_house AS SELECT count(*) AS number FROM analytics_fact")
    stood = asked(WHAT_STANDS)

    rebuild_facts()
    rebuild_rollups()

    assert asked(WHAT_STANDS) == stood
    assert asked("SELECT number FROM of_the_house") == [(20,)]
