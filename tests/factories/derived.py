"""What is derived, as stored and as it would be from nothing: for tests that both are the same."""

from typing import Any

from django.core.management import call_command
from django.db import connection

from analytics.facts.definition import COLUMNS
from analytics.facts.models import AgentDay, Fact
from analytics.rollups.audit import KEYS, VALUES


def everything_derived() -> dict[str, list[tuple[Any, ...]]]:
    """Facts, agents' days and the rows of every roll-up that say something, without their own ids."""
    days = [field.name for field in AgentDay._meta.concrete_fields if field.name != "id"]
    found: dict[str, list[tuple[Any, ...]]] = {
        "facts": sorted(Fact.objects.values_list(*COLUMNS), key=lambda row: row[0]),
        "agent days": sorted(AgentDay.objects.values_list(*days), key=repr),
    }
    with connection.cursor() as cursor:
        for table, keys in KEYS.items():
            counted = " OR ".join(f"{name} <> 0" for name in VALUES[table])
            cursor.execute(f"SELECT {', '.join((*keys, *VALUES[table]))} FROM {table} WHERE {counted}")
            found[table] = sorted(cursor.fetchall())
    return found


def assert_derived_is_true() -> None:
    """Building all from nothing changes nothing: every fact is its definition, every roll-up the sum of facts."""
    before = everything_derived()
    call_command("rebuild_analytics", verbosity=0)
    after = everything_derived()
    for name, rows in before.items():
        assert rows == after[name], name
