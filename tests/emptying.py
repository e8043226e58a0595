"""Empties the database after a test that commits: only what holds rows, where Django would make every table anew.

Django truncates each of two hundred tables with its indexes, then asks every app for its permissions again: a third
of a second where most tests wrote to twenty. A server on which we are not superuser is emptied Django's way.
"""

from typing import Any, Final

from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase

# What Django itself writes after migrations; it would come back the same.
KEPT: Final = ("django_migrations", "django_content_type", "auth_permission", "django_site")
# Row by row is quicker up to here; above it a table is made anew.
FEW_PAGES: Final = 64
EMPTY: Final = """
DO $do$
DECLARE
    one record;
    has_rows boolean;
BEGIN
    -- No foreign key is looked up and no trigger of ours refuses: everything goes.
    SET LOCAL session_replication_role = replica;
    FOR one IN
        SELECT oid::regclass AS name, pg_relation_size(oid) / 8192 AS pages FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relpersistence <> 't'
            AND pg_relation_size(oid) > 0 AND relname <> ALL (%s)
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %%s)', one.name) INTO has_rows;
        IF has_rows AND one.pages > %s THEN
            EXECUTE format('TRUNCATE %%s CASCADE', one.name);
        ELSIF has_rows THEN
            EXECUTE format('DELETE FROM %%s', one.name);
        END IF;
    END LOOP;
END
$do$
"""


def use_quick_flush() -> None:
    """From here on tests that commit end with a quick flush."""
    TransactionTestCase._fixture_teardown = _empty_all  # type: ignore[method-assign]


def _empty_all(test: Any) -> None:
    for alias in test._databases_names(include_mirrors=False):
        if not _empty(alias):
            call_command("flush", verbosity=0, interactive=False, database=alias)
            with connections[alias].cursor() as cursor:  # no table of Django's
                cursor.execute("TRUNCATE kernel_event, kernel_loghead")


def _empty(alias: str) -> bool:
    """Whether it was done; False where the server does not let us."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(EMPTY, [list(KEPT), FEW_PAGES])
    return True
