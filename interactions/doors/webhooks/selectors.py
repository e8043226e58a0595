"""The line that an address names."""

import json
from typing import Final
from uuid import UUID

from django.db import connection

from ccx.kernel.statements import Statement, run_first
from interactions.channels.models import Inbox

COLUMNS: Final = tuple(field.attname for field in Inbox._meta.concrete_fields)
SETTINGS: Final = COLUMNS.index("settings")
# Asked with every delivery: prepared, for putting the query together and planning it costs more than the answer.
LINE: Final = Statement(
    "ccx_line_at",
    ("uuid",),
    f"SELECT {', '.join(COLUMNS)} FROM interactions_inbox WHERE public_id = $1 AND is_active",  # noqa: S608 - our names
)


def line_at(public_id: UUID) -> Inbox | None:
    """The line in use at whose address a provider calls; its adapter decides whether the caller may."""
    rows = run_first(LINE, [public_id])
    if not rows:
        return None
    values = list(rows[0])
    values[SETTINGS] = json.loads(values[SETTINGS])
    return Inbox.from_db(connection.alias, COLUMNS, values)
