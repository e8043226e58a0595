import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from ccx.kernel.audit.choices import KIND_NAMES, Door
from ccx.kernel.audit.context import acting
from ccx.kernel.csv_cells import safe_cell
from ccx.kernel.models import AuditEntry, Team, User
from tests.factories.people import make_team


def _lines(answer: object) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(text.splitlines()))


def _shown(client: Client, query: str = "") -> list[tuple[str, str | None]]:
    told = client.get(f"/audit/{query}").context["told"]
    return [(one.entry.object_kind, (one.entry.after or {}).get("name")) for one in told]


def test_the_page_shows_who_changed_what_from_what_to_what(client: Client, admin: User) -> None:
    team = make_team("Billing")
    with acting(door=Door.PAGE, by_id=admin.pk):
        Team.objects.filter(pk=team.pk).update(name="Invoices & more")
    client.force_login(admin)
    page = client.get("/audit/").content.decode()
    assert "<del>Billing</del>" in page
    assert "<ins>Invoices &amp; more</ins>" in page
    assert "Ada" in page


def test_the_log_is_filtered_by_actor_object_action_and_day(client: Client, admin: User, bob: User) -> None:
    with acting(door=Door.PAGE, by_id=bob.pk):
        mine = make_team("Mine")
    make_team("Nobody's")
    client.force_login(admin)
    assert _shown(client, "?actor=bob@") == [("team", "Mine")]
    assert _shown(client, f"?kind=team&object_id={mine.pk}") == [("team", "Mine")]
    assert _shown(client, "?action=deleted") == []
    today = datetime.now(UTC).date().isoformat()
    assert ("team", "Mine") in _shown(client, f"?first_day={today}&last_day={today}")
    assert _shown(client, "?last_day=2020-01-01") == []


@pytest.mark.parametrize(
    "query", ["?before=x", "?object_id=-1", "?first_day=never", "?kind=%00", "?before=99999999999"]
)
def test_a_filter_that_makes_no_sense_is_no_error(client: Client, admin: User, query: str) -> None:
    client.force_login(admin)
    assert client.get(f"/audit/{query}").status_code == 200


def test_the_pages_follow_each_other_without_a_gap(client: Client, admin: User) -> None:
    names = [make_team(f"Team {number:03d}").name for number in range(120)]
    client.force_login(admin)
    seen: list[str | None] = []
    url = "/audit/?kind=team"
    while url:
        answer = client.get(url)
        seen += [one.entry.after["name"] for one in answer.context["told"]]
        url = f"/audit/{answer.context['next_url']}" if answer.context["next_url"] else ""
    assert seen == names[::-1]


def test_the_page_asks_the_same_number_of_questions_however_long_it_is(
    client: Client, admin: User, queries_do_not_grow: Callable[..., int]
) -> None:
    client.force_login(admin)
    with acting(door=Door.PAGE, by_id=admin.pk):
        make_team()
        # Session, person, entries, names of actors.
        found = queries_do_not_grow(lambda: client.get("/audit/"), lambda: [make_team() for _number in range(20)])
    assert found == 4


def test_the_export_has_every_change_and_is_an_entry_itself(client: Client, admin: User) -> None:
    team = make_team("Billing")
    Team.objects.filter(pk=team.pk).update(name="Invoices")
    client.force_login(admin)
    lines = _lines(client.get("/audit/export/?kind=team&action=changed"))
    assert [(line["column"], line["before"], line["after"]) for line in lines] == [("name", "Billing", "Invoices")]
    entry = AuditEntry.objects.get(action="exported")
    assert (entry.actor_id, entry.after) == (admin.pk, {"kind": "team", "action": "changed"})


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", " =1"])
def test_no_cell_of_the_export_is_a_formula(client: Client, admin: User, name: str) -> None:
    make_team(name)
    client.force_login(admin)
    text = b"".join(client.get("/audit/export/?kind=team").streaming_content).decode("utf-8-sig")
    [line] = [line for line in csv.DictReader(text.splitlines(keepends=True)) if line["column"] == "name"]
    assert line["after"] == f"'{name}"


def test_a_number_stays_a_number() -> None:
    assert [safe_cell(value) for value in (-5, 2.5, None, True, "plain")] == [-5, 2.5, "", "True", "plain"]


def test_only_who_may_read_the_audit_finds_it(client: Client, alice: User, charlie: User, bob: User) -> None:
    for user in (alice, bob, charlie):
        client.force_login(user)
        assert client.get("/audit/").status_code == 404
        assert client.get("/audit/export/").status_code == 404
        assert not AuditEntry.objects.visible_to(user).exists()
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_every_kind_that_code_names_has_a_name_for_people() -> None:
    """So that reads of recordings, files, exports can be looked for on the page."""
    folders = ("ccx", "interactions", "feedback", "journeys", "analytics")
    sources = [path.read_text() for folder in folders for path in (Path(settings.BASE_DIR) / folder).rglob("*.py")]
    named = {kind for source in sources for kind in re.findall(r'object_kind="([a-z._]+)"', source)}
    assert len(named) > 10
    assert named <= set(KIND_NAMES)
