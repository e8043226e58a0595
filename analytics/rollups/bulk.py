"""Filling a table from nothing at the speed of the disk: its indexes are made after the rows, not with each of them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db.backends.utils import CursorWrapper

CONSTRAINTS: Final = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) AND contype = 'p'
"""
INDEXES: Final = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


@contextmanager
def emptied(cursor: CursorWrapper, tables: Sequence[str]) -> Iterator[None]:
    """The tables without rows and indexes for the length of the block, and with their indexes again after it.

    All of it is part of the caller's transaction; who reads the tables waits until it ends.
    """
    cursor.execute(f"TRUNCATE {', '.join(tables)}")
    cursor.execute(CONSTRAINTS, [list(tables)])
    constraints = cursor.fetchall()
    cursor.execute(INDEXES, [list(tables)])
    indexes = cursor.fetchall()
    for table, name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for table, name, definition in constraints:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in indexes:
        cursor.execute(definition)
