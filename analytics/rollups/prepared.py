"""Statements that are planned once a connection."""

import hashlib
from collections.abc import Mapping

from django.db.backends.utils import CursorWrapper


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
