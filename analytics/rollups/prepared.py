"""What the planner is told, and statements that are planned once a connection."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db.backends.utils import CursorWrapper


@contextmanager
def told(cursor: CursorWrapper, **settings: str) -> Iterator[None]:
    """Settings of the server for the length of the block, within the caller's transaction."""
    cursor.execute("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items()))
    yield
    cursor.execute("; ".join(f"SET LOCAL {name} TO DEFAULT" for name in settings))


class Prepared:
    """Statements without parameters, run in their order; each is prepared when a connection first meets it."""

    def __init__(self, statements: Mapping[str, str]) -> None:
        self._statements = {
            f"analytics_{name}_{hashlib.sha256(sql.encode()).hexdigest()[:8]}": sql for name, sql in statements.items()
        }

    def run(self, cursor: CursorWrapper) -> int:
        """Run all; the answer is the number of rows of the last one."""
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name = ANY(%s)", [list(self._statements)])
        known = {row[0] for row in cursor.fetchall()}
        for name, sql in self._statements.items():
            if name not in known:
                cursor.execute(f"PREPARE {name} AS {sql}")
            cursor.execute(f"EXECUTE {name}")
        return int(cursor.rowcount)
