"""Telling what went wrong without a customer's words: class, code and place, never the message."""

from pathlib import PurePath
from types import TracebackType

from django.db import DatabaseError, InterfaceError, OperationalError

# SQLSTATE classes and codes that tell of the server, not of the event: connection, resources, shutdown, read-only.
OUTAGE_CLASSES = frozenset({"08", "53", "58"})
OUTAGE_CODES = frozenset({"57P01", "57P02", "57P03", "25006"})


def sqlstate(error: BaseException) -> str:
    """The database's five letters for the error, or nothing."""
    return str(getattr(error.__cause__, "pgcode", None) or "") if isinstance(error, DatabaseError) else ""


def describe(error: BaseException) -> str:
    """One line for pages and logs: `IntegrityError 23505 at refresh.py:88`."""
    code = str(getattr(error, "code", "")) if not isinstance(error, DatabaseError) else sqlstate(error)
    words = [type(error).__name__, *([code] if code else []), *_place(error.__traceback__)]
    return " ".join(words)[:300]


def is_outage(error: BaseException) -> bool:
    """Whether the database itself failed, so that no event is to blame."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError):
        return False
    state = sqlstate(error)
    if not state:
        return isinstance(error, OperationalError)
    return state in OUTAGE_CODES or state[:2] in OUTAGE_CLASSES


def _place(trace: TracebackType | None) -> list[str]:
    """The innermost line of ours: library lines tell nothing about the reader."""
    found: list[str] = []
    while trace is not None:
        path = PurePath(trace.tb_frame.f_code.co_filename)
        if "site-packages" not in path.parts:
            found = ["at", f"{path.parent.name}/{path.name}:{trace.tb_lineno}"]
        trace = trace.tb_next
    return found
