"""One database is migrated, and every test process works on a copy of it: a copy takes a quarter of a second.

`python -m tests.databases` makes the one beforehand; it is made again when a migration or a package changed.
"""

import hashlib
import os
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings
from django.db import connection

# Any number that nobody else locks on the server.
MAKING: Final = 4_370_114
LOCKS: Final = "requirements-dev.txt"


def take_copy(suffix: str = "") -> None:
    """From here on the default connection leads to a fresh copy for this process ("gw0"; alone it needs no name)."""
    template = str(connection.creation._get_test_db_name())
    name = f"{template}_{suffix or 'alone'}"
    with closing(_server()) as server, server.cursor() as cursor:
        # Whoever comes first makes it; the others wait.
        cursor.execute("SELECT pg_advisory_lock(%s)", [MAKING])
        if _state_of(cursor, template) != _state_wanted():
            _make(template)
            cursor.execute(f"COMMENT ON DATABASE \"{template}\" IS '{_state_wanted()}'")
        cursor.execute("SELECT pg_advisory_unlock(%s)", [MAKING])
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _use(name)


def _make(template: str) -> None:
    """Migrate an empty database, and leave it with nobody connected."""
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    _use(before)


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _server() -> Any:
    """A connection to the server itself, each statement committed."""
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    opened = connection.get_new_connection(parameters)
    opened.autocommit = True
    return opened


def _state_of(cursor: Any, name: str) -> str:
    cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
    found = cursor.fetchone()
    return str(found[0]) if found else ""


def _state_wanted() -> str:
    """What the tables follow from: the migrations of ours and those of the packages."""
    root = Path(settings.BASE_DIR)
    files = sorted(
        path
        for app in ("ccx", "interactions", "journeys", "analytics", "feedback")
        for path in (root / app).rglob("migrations/**/*.py")
    )
    digest = hashlib.sha256()
    for path in [*files, root / LOCKS]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Make the one that is copied, on servers that run only for that."""
    from tests.services import TestServices, use

    services = TestServices()
    use(services.addresses)
    try:
        take_copy()
    finally:
        connection.close()
        services.stop()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.test")
    django.setup()
    main()
