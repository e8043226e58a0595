"""Files and runs of imports."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection

from ccx.kernel.people.services.service_users import service_user
from interactions.doors.history.mapping import shipped_mappings
from interactions.doors.history.running import run_import
from interactions.models import ImportRun

HEADER = ["contact_id", "started_at", "ended_at", "customer_id", "queue", "agent", "wait_seconds", "talk_seconds"]
# Everything an import may write, and what follows from it.
TABLES = (
    "interactions_customer", "interactions_identity", "interactions_case", "interactions_interaction",
    "interactions_message", "interactions_segment", "interactions_casekey", "interactions_rawcontact", "kernel_event",
    "interactions_inbox", "interactions_queue", "kernel_team", "kernel_user", "interactions_contactreason",
    "interactions_historysource",
)  # fmt: skip


def shipped(name: str) -> str:
    return shipped_mappings()[name].read_text(encoding="utf-8")


def contact_rows(count: int, *, first: int = 1, day: str = "2024-05-02") -> list[list[str]]:
    return [
        [
            f"c{n}",
            f"{day}T{n % 24:02}:{n % 60:02}:00",
            "",
            f"u{n % 7}",
            "Service",
            "Ann",
            str(n % 90),
            str(60 + n % 200),
        ]
        for n in range(first, first + count)
    ]


def write_csv(path: Path, rows: Iterable[list[str]], header: list[str] = HEADER, delimiter: str = ",") -> Path:
    lines = [delimiter.join(row) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def make_run(path: Path, mapping: str = "", **fields: Any) -> ImportRun:
    text = mapping or shipped("contacts_csv")
    values = {"file_name": path.name, "mapping": {"yaml": text}, "started_by": service_user("importer")} | fields
    return ImportRun.objects.create(**values)


def import_file(path: Path, mapping: str = "") -> ImportRun:
    run = run_import(make_run(path, mapping), path=path)
    run.refresh_from_db()
    return run


def row_counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


def issues_of(run: ImportRun) -> list[tuple[int, bool, str]]:
    return list(run.issues.order_by("line", "pk").values_list("line", "is_rejected", "reason"))
