"""An import can stop anywhere and go on; done twice it changes nothing."""

from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.cache import cache

from ccx.kernel.events.failpoints import KILLED
from interactions.doors.history import running, services, tasks
from interactions.doors.history.errors import RunIsNotReadyError
from interactions.doors.history.mapping import MappingError
from interactions.doors.history.running import run_import
from interactions.doors.history.services import (
    only_worker,
    pause_import,
    start_import,
    stranded_imports,
    work_on_import,
)
from interactions.models import Case, HistorySource, ImportRun, Interaction
from tests.factories.imports import contact_rows, import_file, issues_of, make_run, row_counts, shipped, write_csv
from tests.killing import exit_code_of
from tests.services import database_address

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 10)


@pytest.mark.parametrize(("failpoint", "kept"), [("import.before_commit", 0), ("import.after_commit", 10)])
def test_an_import_killed_in_the_middle_goes_on_and_leaves_the_same_rows(
    tmp_path: Path, small_chunks: None, transactional_db: None, failpoint: str, kept: int
) -> None:
    rows = contact_rows(25)
    rows[3][1] = "never"
    path = write_csv(tmp_path / "a.csv", rows)
    run = make_run(path)

    assert exit_code_of(lambda: run_import(run, path=path), failpoint) == KILLED
    run.refresh_from_db()
    assert (run.state, run.rows_read) == ("running", kept)
    run_import(run, path=path)

    run.refresh_from_db()
    assert (run.state, run.rows_read, run.rows_added, run.rows_known, run.rows_rejected) == ("done", 25, 24, 0, 1)
    assert Interaction.objects.count() == 24
    assert issues_of(run) == [(5, True, "started_at is not a time: 'never'")]


def test_the_same_file_twice_changes_nothing(tmp_path: Path, small_chunks: None) -> None:
    path = write_csv(tmp_path / "a.csv", contact_rows(35))
    import_file(path)
    before = row_counts()
    again = import_file(path)
    assert row_counts() == before
    assert (again.rows_read, again.rows_added, again.rows_known) == (35, 0, 35)


def test_a_pause_stops_after_the_chunk_and_resume_goes_on(tmp_path: Path, small_chunks: None) -> None:
    path = write_csv(tmp_path / "a.csv", contact_rows(35))
    run = run_import(make_run(path), path=path, stop_after=2)
    assert (run.state, run.rows_read) == ("running", 20)
    pause_import(run_id=run.pk)
    assert not work_on_import(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows_read) == ("paused", 20)
    run = run_import(run, path=path)
    assert (run.state, run.rows_read, Interaction.objects.count()) == ("done", 35, 35)
    with pytest.raises(RunIsNotReadyError):
        pause_import(run_id=run.pk)
    with pytest.raises(RunIsNotReadyError):
        start_import(run_id=run.pk)


def with_file(path: Path, media: Path, settings: Any) -> ImportRun:
    settings.MEDIA_ROOT = media
    return make_run(path, file=path.name, state=ImportRun.State.QUEUED)


def test_tasks_work_in_slices_and_hand_the_rest_on(
    tmp_path: Path, settings: Any, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = with_file(write_csv(tmp_path / "a.csv", contact_rows(25)), tmp_path, settings)
    handed: list[int] = []
    monkeypatch.setattr(tasks, "hand_over", handed.append)
    monkeypatch.setattr(tasks, "work_on_import", lambda run_id: work_on_import(run_id=run_id, seconds=0))
    for _ in range(4):
        tasks.run_history_import(run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows_added) == ("done", 25)
    assert handed == [run.pk] * 3
    tasks.run_history_import(run.pk)
    run.refresh_from_db()
    assert (run.rows_added, run.rows_known) == (25, 0)


def test_an_error_stops_the_import_with_its_words(tmp_path: Path, settings: Any) -> None:
    path = write_csv(tmp_path / "a.csv", contact_rows(2))
    run = with_file(path, tmp_path, settings)
    path.unlink()
    tasks.run_history_import(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.error.startswith("The file of this import is not here any more")


def test_of_two_workers_only_one_works(tmp_path: Path, settings: Any) -> None:
    run = with_file(write_csv(tmp_path / "a.csv", contact_rows(2)), tmp_path, settings)
    rival = psycopg2.connect(database_address())
    try:
        with rival.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [services.LOCKS_OF_IMPORTS, f"import:{run.pk}"])
        with only_worker(run.pk) as is_alone:
            assert not is_alone
        assert not work_on_import(run_id=run.pk)
        assert stranded_imports() == []
    finally:
        rival.close()
    assert Interaction.objects.count() == 0


def test_the_sweep_hands_out_an_import_whose_worker_died_once(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = with_file(write_csv(tmp_path / "a.csv", contact_rows(2)), tmp_path, settings)
    make_run(tmp_path / "a.csv", state=ImportRun.State.PAUSED)
    cache.delete(f"history-import-alive:{run.pk}")
    handed: list[int] = []
    monkeypatch.setattr(tasks, "hand_over", handed.append)
    tasks.sweep_imports()
    tasks.sweep_imports()
    assert handed == [run.pk]


def covered() -> list[tuple[str, date, date]]:
    return list(HistorySource.objects.order_by("pk").values_list("name", "covered_from", "covered_until"))


def test_a_source_grows_without_gaps_and_what_lies_apart_is_a_sibling(tmp_path: Path) -> None:
    mapping = shipped("contacts_csv").replace("period: day", "period: month")
    for number, day in enumerate(["1999-01-05", "1999-12-03", "1999-02-20", "1999-11-30"]):
        import_file(write_csv(tmp_path / "a.csv", contact_rows(2, first=100 * number, day=day)), mapping)
    assert covered() == [
        ("Contacts from CSV", date(1999, 1, 1), date(1999, 3, 1)),
        ("Contacts from CSV (1999-12)", date(1999, 11, 1), date(2000, 1, 1)),
    ]
    sizes = [Interaction.objects.filter(source__name=name).count() for name, *_ in covered()]
    assert sizes == [4, 4]
    # The same numbers are the same people in both.
    assert len(set(Interaction.objects.values_list("customer", flat=True))) <= 7


def test_one_file_with_months_apart_gives_each_stretch_its_source(tmp_path: Path) -> None:
    mapping = shipped("contacts_csv").replace("period: day", "period: month")
    rows = contact_rows(2, day="1999-01-05") + contact_rows(3, first=50, day="1999-06-05")
    import_file(write_csv(tmp_path / "a.csv", rows), mapping)
    assert covered() == [
        ("Contacts from CSV", date(1999, 1, 1), date(1999, 2, 1)),
        ("Contacts from CSV (1999-06)", date(1999, 6, 1), date(1999, 7, 1)),
    ]
    assert [Interaction.objects.filter(source__name=name).count() for name, *_ in covered()] == [2, 3]


def test_a_source_keeps_its_zone(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", contact_rows(1))
    import_file(path)
    with pytest.raises(MappingError, match="with days of UTC"):
        import_file(path, shipped("contacts_csv").replace("time_zone: UTC", "time_zone: Europe/Berlin"))


def test_of_a_group_of_rows_the_latest_holds_and_reopenings_reach_the_case(tmp_path: Path) -> None:
    header = ["number", "sys_mod_count", "opened_at", "resolved_at", "incident_state", "reopen_count", "caller_id"]
    rows = [
        ["I1", "10", "02-05-2024 10:00", "03-05-2024 09:00", "Closed", "2", "Caller 1"],
        ["I2", "0", "02-05-2024 10:05", "?", "New", "0", "?"],
        ["I1", "9", "02-05-2024 10:00", "?", "Active", "1", "Caller 1"],
    ]
    run = import_file(write_csv(tmp_path / "a.csv", rows, header), shipped("incident_log"))
    assert (run.rows_read, run.rows_added) == (3, 2)
    assert list(Case.objects.order_by("pk").values_list("status", "reopened_count")) == [("resolved", 2), ("open", 0)]
