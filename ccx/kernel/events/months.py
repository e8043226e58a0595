"""The log's months: made ahead of time, dropped whole once every reader has passed them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from ccx.kernel.events.models import QuarantinedEvent, ReaderPosition
from ccx.kernel.events.readers import all_readers

AHEAD = 3
# Writers must not queue behind us: give up and try tomorrow.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
PARTITION = re.compile(r"kernel_event_(\d{4})_(\d{2})")


@dataclass(frozen=True)
class Month:
    """One month of the log, a table of its own."""

    table: str
    year: int
    month: int

    def age_in_months(self, now: datetime) -> int:
        """How many months lie between it and this month."""
        return (now.year - self.year) * 12 + now.month - self.month


def ensure_partitions(ahead: int = AHEAD) -> None:
    """Make the tables of this month and the next ones. Rows that had fallen beside every month move into theirs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_TIMEOUT)
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kernel_event_months'))")
        for year, month in _strays(cursor):
            _make_month_of_strays(cursor, year, month)
        cursor.execute("SELECT kernel_event_make_partitions(%s)", [ahead])


def months_of_the_log() -> list[Month]:
    """The months that have a table, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'kernel_event'::regclass ORDER BY 1"
        )
        tables = [str(row[0]) for row in cursor.fetchall()]
    found = [(table, PARTITION.fullmatch(table)) for table in tables]
    return [Month(table, int(match[1]), int(match[2])) for table, match in found if match]


def drop_months(*, older_than: int, now: datetime | None = None) -> tuple[list[str], list[str]]:
    """Drop the months more than `older_than` months back; (dropped, kept because somebody still needs them)."""
    dropped: list[str] = []
    kept: list[str] = []
    moment = now or datetime.now(UTC)
    for month in months_of_the_log():
        if month.age_in_months(moment) <= max(older_than, 0):
            continue
        with transaction.atomic():
            (dropped if _drop_if_read(month.table) else kept).append(month.table)
    return dropped, kept


def _drop_if_read(table: str) -> bool:
    """`table` comes from the catalogue and matched PARTITION, so it is safe inside a statement."""
    places = dict(ReaderPosition.objects.values_list("name", "position"))
    read = min((places.get(reader.name, 0) for reader in all_readers()), default=0)
    with connection.cursor() as cursor:
        cursor.execute(LOCK_TIMEOUT)
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"SELECT min(position), max(position), bool_or(position IS NULL) FROM {table}")  # noqa: S608
        first, last, unnumbered = cursor.fetchone()
        aside = QuarantinedEvent.objects.filter(position__range=(first or 0, last or 0)).exists()
        if unnumbered or (last or 0) > read or aside:
            return False
        cursor.execute(
            "DELETE FROM kernel_readereffect WHERE state <> 'queued' AND state <> 'sending'"  # noqa: S608
            f" AND event_id IN (SELECT id FROM {table})"
        )
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM kernel_readereffect WHERE event_id IN (SELECT id FROM {table}))"  # noqa: S608
        )
        if cursor.fetchone()[0]:
            transaction.set_rollback(True)
            return False
        cursor.execute(f"DROP TABLE {table}")
    return True


def _strays(cursor: CursorWrapper) -> list[tuple[int, int]]:
    cursor.execute(
        "SELECT DISTINCT extract(year FROM at)::int, extract(month FROM at)::int FROM"
        " (SELECT recorded_at AT TIME ZONE 'UTC' AS at FROM kernel_event_default) AS stray ORDER BY 1, 2"
    )
    return [(int(year), int(month)) for year, month in cursor.fetchall()]


def _make_month_of_strays(cursor: CursorWrapper, year: int, month: int) -> None:
    table = f"kernel_event_{year:04d}_{month:02d}"
    first = datetime(year, month, 1, tzinfo=UTC)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    cursor.execute("LOCK TABLE kernel_event_default IN ACCESS EXCLUSIVE MODE")
    cursor.execute(f"CREATE TABLE {table} (LIKE kernel_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    cursor.execute(
        "WITH strays AS (DELETE FROM kernel_event_default"  # noqa: S608
        f" WHERE recorded_at >= %s AND recorded_at < %s RETURNING *) INSERT INTO {table} SELECT * FROM strays",
        [first, after],
    )
    cursor.execute(f"ALTER TABLE kernel_event ATTACH PARTITION {table} FOR VALUES FROM (%s) TO (%s)", [first, after])
