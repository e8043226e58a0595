"""The pages of imports: upload, look, start, follow, download; strangers find nothing."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.models import User
from ccx.kernel.people.choices import Role
from interactions.doors.history import tasks
from interactions.doors.history.running import run_import
from interactions.models import ImportIssue, ImportRun
from tests.factories.imports import contact_rows, make_run, row_counts, shipped, write_csv
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer() -> User:
    return make_user(Role.ADMINISTRATOR)


@pytest.fixture
def page(client: Client, importer: User, settings: Any, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = tmp_path / "media"
    client.force_login(importer)
    return client


def upload(page: Client, path: Path) -> Any:
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return page.post(reverse("interactions:import-new"), {"file": file})


def drafted(page: Client, path: Path) -> ImportRun:
    assert upload(page, path).status_code == 302
    return ImportRun.objects.latest("pk")


def address(run: ImportRun, name: str = "import") -> str:
    return reverse(f"interactions:{name}", args=[run.public_id])


def test_without_imports_the_page_says_what_to_do(page: Client) -> None:
    answer = page.get(reverse("interactions:imports"))
    assert "Nothing was imported yet." in answer.content.decode()


def test_an_uploaded_file_is_shown_as_contacts_and_nothing_is_made(page: Client, tmp_path: Path) -> None:
    before = row_counts()
    run = drafted(page, write_csv(tmp_path / "calls.csv", contact_rows(12)))
    answer = page.get(address(run)).content.decode()

    assert row_counts() == before
    assert (run.state, run.rows_total, run.file_name) == ("draft", 12, "calls.csv")
    assert "Of the first 12 contacts, 0 would be rejected and 0 taken with something unknown." in answer
    assert "They lie between 2024-05-02 and 2024-05-02; times are those of UTC" in answer
    assert answer.count("Handled by an agent") == 10
    assert "2024-05-02 01:01:00" in answer
    assert "Start import" in answer


def test_the_look_shows_times_in_the_zone_of_the_file(page: Client, tmp_path: Path) -> None:
    run = drafted(page, write_csv(tmp_path / "calls.csv", contact_rows(1)))
    text = shipped("contacts_csv").replace("time_zone: UTC", "time_zone: Asia/Jerusalem")
    page.post(address(run, "import-mapping"), {"mapping": text})
    answer = page.get(address(run)).content.decode()
    assert "2024-05-02 01:01:00" in answer
    assert "times are those of Asia/Jerusalem" in answer


def test_a_packed_file_is_taken_too(page: Client, tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "calls.csv", contact_rows(2))
    packed = tmp_path / "calls.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert drafted(page, packed).rows_total == 2


def test_what_is_no_table_is_refused_with_a_reason_and_not_kept(page: Client, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    answer = upload(page, path)
    assert answer.status_code == 400
    assert "a spreadsheet or a zip archive" in answer.content.decode()
    assert ImportRun.objects.count() == 0
    assert [one for one in (tmp_path / "media").rglob("*") if one.is_file()] == []


def test_a_file_over_the_limit_is_refused(page: Client, tmp_path: Path, settings: Any) -> None:
    settings.CCX_IMPORT_MAX_MB = 0
    answer = upload(page, write_csv(tmp_path / "calls.csv", contact_rows(2)))
    assert answer.status_code == 400
    assert "The file is larger than 0 MB." in answer.content.decode()


def test_a_wrong_mapping_is_shown_with_what_is_wrong_and_not_kept(page: Client, tmp_path: Path) -> None:
    run = drafted(page, write_csv(tmp_path / "calls.csv", contact_rows(2)))
    answer = page.post(address(run, "import-mapping"), {"mapping": "source: {name: A, zone: UTC}"})
    assert answer.status_code == 400
    assert "The part &#x27;source&#x27; does not know zone" in answer.content.decode()
    assert "source: {name: A, zone: UTC}" in answer.content.decode()
    run.refresh_from_db()
    assert run.mapping == {"yaml": shipped("contacts_csv")}


def test_a_mapping_that_is_right_is_kept_as_it_was_written(page: Client, tmp_path: Path) -> None:
    run = drafted(page, write_csv(tmp_path / "calls.csv", contact_rows(2)))
    text = "# ours\n" + shipped("contacts_csv")
    assert page.post(address(run, "import-mapping"), {"mapping": text}).status_code == 302
    run.refresh_from_db()
    assert run.mapping["yaml"].splitlines()[0] == "# ours"


@pytest.mark.parametrize("trouble", [None, RedisError("away"), BrokerError("away")])
def test_a_worker_is_asked_for_an_import_and_without_a_broker_it_waits(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    trouble: Exception | None,
) -> None:
    asked: list[int] = []

    def delay(run_id: int) -> None:
        asked.append(run_id)
        if trouble is not None:
            raise trouble

    monkeypatch.setattr(tasks.run_history_import, "delay", delay)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.hand_over(7)
    assert asked == [7]


def test_an_import_is_started_paused_and_resumed(page: Client, tmp_path: Path) -> None:
    run = drafted(page, write_csv(tmp_path / "calls.csv", contact_rows(2)))
    states = []
    for name in ("import-start", "import-start", "import-pause", "import-start"):
        assert page.post(address(run, name)).status_code == 302
        run.refresh_from_db()
        states.append(run.state)
    assert states == ["queued", "queued", "paused", "queued"]
    answer = page.get(address(run)).content.decode()
    assert 'hx-trigger="every 2s"' in answer
    assert "Pause" in answer


def test_the_fragment_reloads_the_page_once_the_import_is_over(page: Client, tmp_path: Path) -> None:
    run = drafted(page, write_csv(tmp_path / "calls.csv", contact_rows(2)))
    run_import(run, path=Path(run.file.path))
    answer = page.get(address(run), headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    assert 'id="import-progress"' in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()


def test_rejected_rows_are_listed_and_downloaded_as_text_and_that_is_audited(page: Client, tmp_path: Path) -> None:
    rows = contact_rows(3)
    rows[1][1] = "=1+2"
    run = drafted(page, write_csv(tmp_path / "calls.csv", rows))
    run_import(run, path=Path(run.file.path))
    assert "started_at is not a time" in page.get(address(run)).content.decode()

    answer = page.get(address(run, "import-issues"))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]

    assert lines[0] == "line,result,reason,row"
    assert lines[1].startswith("3,rejected,started_at is not a time: '=1+2',c2,'=1+2,")
    entry = AuditEntry.objects.get(action=AuditEntry.Action.EXPORTED)
    assert (entry.object_kind, entry.object_id) == ("import_issues", run.pk)


def test_a_failed_import_says_why_and_offers_to_resume(page: Client, tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.csv", state=ImportRun.State.FAILED, error="The disk is full.")
    answer = page.get(address(run)).content.decode()
    assert "The disk is full." in answer
    assert "Resume" in answer


def test_issues_are_paged_in_the_order_of_the_file(page: Client, tmp_path: Path) -> None:
    run = make_run(tmp_path / "a.csv", state=ImportRun.State.PAUSED)
    ImportIssue.objects.bulk_create(
        ImportIssue(run=run, line=line, is_rejected=True, reason=f"why {line}", row="") for line in range(120, 0, -1)
    )
    first = page.get(address(run))
    cursor = first.context["issues"].next_url
    second = page.get(address(run) + cursor)
    assert [row.cells[0].text for row in first.context["issues"].rows] == [str(line) for line in range(1, 51)]
    assert [row.cells[0].text for row in second.context["issues"].rows] == [str(line) for line in range(51, 101)]


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.QUALITY_ANALYST, Role.EXPERIENCE_OWNER])
def test_who_may_not_import_finds_nothing_and_changes_nothing(client: Client, tmp_path: Path, role: Role) -> None:
    client.force_login(make_user(role))
    run = make_run(write_csv(tmp_path / "a.csv", contact_rows(1)))
    for name in ("imports", "import-new"):
        assert client.get(reverse(f"interactions:{name}")).status_code == 404
    for name in ("import", "import-issues"):
        assert client.get(address(run, name)).status_code == 404
    for name in ("import-start", "import-pause", "import-mapping"):
        assert client.post(address(run, name), {"mapping": "x"}).status_code == 404
    assert upload(client, tmp_path / "a.csv").status_code == 404
    run.refresh_from_db()
    assert (run.state, ImportRun.objects.count()) == ("draft", 1)


def test_the_list_asks_the_same_number_of_questions_for_many(
    page: Client, tmp_path: Path, queries_do_not_grow: Any
) -> None:
    make_run(tmp_path / "a.csv")

    def more() -> None:
        for number in range(20):
            make_run(tmp_path / f"{number}.csv")

    # Session, user, imports with source and person.
    assert queries_do_not_grow(lambda: page.get(reverse("interactions:imports")), more) <= 5
