"""The contacts behind a figure, as a table and as a CSV."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from analytics.facts.models import Fact
from analytics.kpis.definition import Unit
from analytics.kpis.rows import RowsOf, interactions_behind
from ccx.kernel.look.figures import MISSING, duration, local_time, money, number
from ccx.kernel.look.parts import Cell, Column, Row, Table
from ccx.kernel.models import User
from interactions.cases.choices import Outcome
from interactions.channels.choices import Channel

BATCH = 2000
CSV_HEAD = (
    "contact", "started_at", "day", "channel", "reason", "queue", "team", "agent", "outcome",
    "wait_seconds", "handle_seconds", "counted",
)  # fmt: skip


def rows_table(behind: RowsOf, facts: list[Fact], *, user: User, caption: str) -> Table:
    """One page of them, newest first; each leads to its contact."""
    contacts = interactions_behind(facts, user=user)
    columns = [
        Column(label=_("Arrived")),
        Column(label=_("Channel")),
        Column(label=_("Reason"), is_wide=True),
        Column(label=_("Queue")),
        Column(label=_("Agent")),
        Column(label=_("Outcome")),
        Column(label=_("Wait"), is_numeric=True),
        Column(label=_("Handled"), is_numeric=True),
        Column(label=_("Counts"), is_numeric=True),
    ]
    rows = [_row(fact, contacts.get(fact.interaction_id, {}), behind) for fact in facts]
    return Table(caption=caption, columns=columns, rows=rows, empty=_("No contact counts here."))


def _row(fact: Fact, contact: dict[str, Any], behind: RowsOf) -> Row:
    channel = Channel(fact.channel)
    counted = getattr(fact, "contribution", 0)
    is_amount = behind.adds_amounts and behind.kpi.unit in {Unit.SECONDS, Unit.CENTS}
    return Row(
        key=str(fact.interaction_id),
        url=contact_url(contact.get("public_id")),
        cells=[
            Cell(text=local_time(fact.started_at)),
            Cell(text=str(channel.label), icon=channel.slug),
            Cell(text=contact.get("reason__name") or MISSING),
            Cell(text=contact.get("queue__name") or MISSING),
            Cell(text=contact.get("agent__name") or MISSING, detail=contact.get("team__name") or ""),
            Cell(text=outcome_text(fact)),
            Cell(text=duration(fact.wait_seconds), value=fact.wait_seconds, is_numeric=True),
            Cell(text=duration(fact.handle_seconds), value=fact.handle_seconds, is_numeric=True),
            Cell(text=_amount(behind, counted) if is_amount else number(counted), value=counted),
        ],
    )


def _amount(behind: RowsOf, counted: int) -> str:
    if behind.kpi.unit is Unit.SECONDS:
        return duration(counted)
    return money(counted / 100, settings.CCX_CURRENCY)


def outcome_text(fact: Fact) -> str:
    """How it ended, in words."""
    return str(Outcome(fact.outcome).label) if fact.outcome else _("Running")


def contact_url(public_id: object) -> str:
    """The contact's own page, where this installation has one."""
    if not public_id:
        return ""
    try:
        return reverse("interactions:interaction", args=[public_id])
    except NoReverseMatch:
        return ""


def csv_rows(facts: Iterable[Fact], *, user: User) -> Iterator[tuple[object, ...]]:
    """The same for machines: names and bare numbers, batch by batch."""
    facts = iter(facts)
    while batch := list(islice(facts, BATCH)):
        contacts = interactions_behind(batch, user=user)
        for fact in batch:
            contact = contacts.get(fact.interaction_id, {})
            yield (
                str(contact.get("public_id", "")),
                fact.started_at.isoformat(),
                fact.day.isoformat(),
                Channel(fact.channel).slug,
                *(contact.get(name) or "" for name in ("reason__name", "queue__name", "team__name", "agent__name")),
                Outcome(fact.outcome).name.lower() if fact.outcome else "",
                fact.wait_seconds,
                fact.handle_seconds,
                getattr(fact, "contribution", ""),
            )
