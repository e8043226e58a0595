"""Making a table anew beside the one in use, and exchanging the two: readers see all of the old or all of the new."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper

from analytics.rollups.bulk import emptied
from analytics.rollups.prepared import told

TABLE: Final = """
SELECT quote_ident(pg_get_userbyid(relowner)), coalesce(array_to_string(reloptions, ', '), '')
FROM pg_class WHERE oid = %s::regclass
"""
# What a table is, but for its rows: as clauses of ALTER TABLE. Names of indexes are the schema's, those of all other
# constraints their table's own. Before PostgreSQL 18 what must not be null has no constraint.
CLAUSES: Final = """
SELECT 'ALTER COLUMN ' || quote_ident(attname) || ' SET NOT NULL' FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conrelid = attrelid AND c.contype = 'n')
UNION ALL
SELECT 'ALTER COLUMN ' || quote_ident(attname) || ' SET DEFAULT ' || pg_get_expr(adbin, adrelid)
FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum WHERE adrelid = %(table)s::regclass
UNION ALL
SELECT 'ADD CONSTRAINT ' || quote_ident(conname || CASE WHEN contype IN ('p', 'u', 'x') THEN %(mark)s ELSE '' END)
    || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %(table)s::regclass
"""
INDEXES: Final = """
SELECT relname, indisunique, pg_get_indexdef(indexrelid),
    EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = %s::regclass ORDER BY relname
"""
COLUMNS: Final = """
SELECT quote_ident(attname) || '::' || format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
PRIVILEGES: Final = """
SELECT privilege_type || of, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
FROM (
    SELECT relowner AS owner, relacl AS acl, '' AS of FROM pg_class WHERE oid = %(table)s::regclass
    UNION ALL
    SELECT relowner, attacl, ' (' || quote_ident(attname) || ')' FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attacl IS NOT NULL
) granted, aclexplode(acl) WHERE grantee <> owner
"""
# Views, triggers, statistics, keys and the like, of which the exchange knows nothing.
OTHERS: Final = """
SELECT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = %(table)s::regclass
    AND NOT (d.deptype = 'i' OR d.classid IN ('pg_attrdef'::regclass, 'pg_type'::regclass)
        OR d.objid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %(table)s::regclass)
        OR d.objid IN (SELECT oid FROM pg_constraint WHERE conrelid = %(table)s::regclass))
)
"""
MARK: Final = "_anew"
# Longer than the server takes to find that two wait for each other.
PATIENCE_SECONDS: Final = 3


def remake(
    cursor: CursorWrapper, table: str, query: str, *, settings: Mapping[str, str], analyzed: Sequence[str]
) -> int:
    """Make a table anew of the rows of `query`, whose columns have the table's names. Returns their number.

    The rows of a table that is created may be computed by several processes, those of an INSERT are not. All of it is
    part of the caller's transaction, and others read the old rows until it commits; nobody else may write meanwhile.
    """
    anew = f"{table}{MARK}"
    owner, options = _rows(cursor, TABLE, [table])[0]
    columns = ", ".join(column for (column,) in _rows(cursor, COLUMNS, [table]))
    with told(cursor, **settings):
        kept = f"WITH ({options})" if options else ""
        cursor.execute(f"CREATE TABLE {anew} {kept} AS SELECT {columns} FROM ({query}) every")
        count = int(cursor.rowcount)
    if _rows(cursor, OTHERS, {"table": table})[0][0]:
        _refill(cursor, table, anew)
        return count
    indexes = _finish(cursor, table, anew)
    cursor.execute(f"ALTER TABLE {anew} OWNER TO {owner}")
    _grant(cursor, table, anew)
    if analyzed:
        cursor.execute(f"ANALYZE {anew} ({', '.join(analyzed)})")
    _have_to_oneself(cursor, table)
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE {anew} RENAME TO {table}")
    for name in indexes:
        cursor.execute(f"ALTER INDEX {name}{MARK} RENAME TO {name}")
    return count


def _rows(cursor: CursorWrapper, query: str, parameters: Any) -> list[Any]:
    cursor.execute(query, parameters)
    return list(cursor.fetchall())


def _refill(cursor: CursorWrapper, table: str, anew: str) -> None:
    """Others hold on to the table itself: its rows are exchanged, and who reads waits for as long as that takes."""
    with emptied(cursor, (table,)):
        cursor.execute(f"INSERT INTO {table} SELECT * FROM {anew}")
    cursor.execute(f"DROP TABLE {anew}")


def _finish(cursor: CursorWrapper, table: str, anew: str) -> list[str]:
    """Give it all that the table has; the answer is the names of the table's indexes."""
    cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
    clauses = ", ".join(clause for (clause,) in _rows(cursor, CLAUSES, {"table": table, "mark": MARK}))
    if clauses:
        cursor.execute(f"ALTER TABLE {anew} {clauses}")
    indexes = _rows(cursor, INDEXES, [table])
    for name, is_unique, definition, is_of_constraint in indexes:
        if not is_of_constraint:
            unique = "UNIQUE " if is_unique else ""
            cursor.execute(f"CREATE {unique}INDEX {name}{MARK} ON {anew} USING {definition.split(' USING ', 1)[1]}")
    return [name for name, *_ in indexes]


def _grant(cursor: CursorWrapper, table: str, anew: str) -> None:
    """To whom the table is open, and to nobody whom the database's defaults would have let in."""
    for _, whom, _ in _rows(cursor, PRIVILEGES, {"table": anew}):
        cursor.execute(f"REVOKE ALL ON {anew} FROM {whom}")
    for what, whom, option in _rows(cursor, PRIVILEGES, {"table": table}):
        cursor.execute(f"GRANT {what} ON {anew} TO {whom}{option}")


def _have_to_oneself(cursor: CursorWrapper, table: str) -> None:
    """Wait until nobody reads the table. Who comes to read it waits behind us, so that now and then we step aside."""
    while True:
        try:
            with transaction.atomic():
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
            return
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") != "55P03":
                raise
        time.sleep(PATIENCE_SECONDS)
