"""Statements that PostgreSQL plans once per connection: for one contact, planning them costs more than running them.

Behind a pooler that hands out connections per transaction nothing can be prepared; there (Django's own switch for
it, DISABLE_SERVER_SIDE_CURSORS) the same statements run as they are.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.db import InterfaceError, OperationalError, connection

PARAMETER: Final = re.compile(r"\$(\d+)")
# The plan must not depend on the values of the first calls: they are all alike.
GENERIC_PLANS: Final = "SET LOCAL plan_cache_mode = force_generic_plan;"

_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Statement:
    """SQL with parameters $1, $2, ... of the given types."""

    name: str
    types: tuple[str, ...]
    sql: str

    @cached_property
    def preparation(self) -> str:
        return f"PREPARE {self.name} ({', '.join(self.types)}) AS {self.sql}"

    @cached_property
    def call(self) -> str:
        return f"EXECUTE {self.name}({', '.join(['%s'] * len(self.types))})"

    @cached_property
    def plain(self) -> str:
        """The same without preparation, parameters named p1, p2, ..."""
        return PARAMETER.sub(lambda found: f"%(p{found[1]})s::{self.types[int(found[1]) - 1]}", self.sql)


def run(cursor: Any, statement: Statement, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement and fetch its rows."""
    run_all(cursor, [(statement, parameters)])
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def run_first(statement: Statement, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the first statement of a request, a reading one, and fetch its rows.

    It finds out by itself whether a connection that was kept still stands, so that Django need not ask before it.
    """
    kept: Any = connection  # the stubs do not know health_check_done
    if kept.connection is None or kept.in_atomic_block or kept.health_check_done:
        with connection.cursor() as cursor:
            return run(cursor, statement, parameters)
    kept.health_check_done = True
    try:
        with connection.cursor() as cursor:
            return run(cursor, statement, parameters)
    except (InterfaceError, OperationalError):
        if connection.is_usable():
            raise
        connection.close()
    with connection.cursor() as cursor:
        return run(cursor, statement, parameters)


def run_all(
    cursor: Any, calls: Iterable[tuple[Statement, Sequence[Any]]], *, before: str = "", after: str = ""
) -> None:
    """Run statements, with some SQL without parameters around them, in one round trip; the last one's rows remain."""
    calls = list(calls)
    if cursor.db.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        with connection.cursor() as writer:
            parts = [
                writer.mogrify(one.plain, {f"p{n}": value for n, value in enumerate(parameters, 1)}).decode()
                for one, parameters in calls
            ]
        cursor.execute(before + ";".join(parts) + after)
        return
    _prepare(cursor, {one for one, _ in calls})
    cursor.execute(
        before + ";".join(one.call for one, _ in calls) + after,
        [value for _, parameters in calls for value in parameters],
    )


def _prepare(cursor: Any, statements: set[Statement]) -> None:
    known = _prepared.setdefault(cursor.db.connection, set())
    missing = [one for one in statements if one.name not in known]
    if missing:
        cursor.execute(";".join(one.preparation for one in missing))
        known.update(one.name for one in missing)
