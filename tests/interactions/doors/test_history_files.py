"""Whatever file comes: the rows that can be read are taken, the others are listed, and what is no table is said."""

import gzip
from pathlib import Path

import pytest

from interactions.doors.history import reading
from interactions.doors.history.mapping import MappingError
from interactions.doors.history.reading import UnreadableFileError, about_how_many_rows, header_of, read_rows
from interactions.models import Customer, Interaction
from tests.factories.imports import contact_rows, import_file, issues_of, row_counts, shipped, write_csv

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_of_any_usual_encoding_and_delimiter_is_read(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"contact_id{delimiter}queue\n1{delimiter}Größe\n".encode(encoding))
    assert [row.cells for row in read_rows(path)] == [{"contact_id": "1", "queue": "Größe"}]


def test_a_packed_file_is_read_and_its_rows_are_estimated(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n3,4"))
    assert [row.line for row in read_rows(path)] == [2, 3]
    assert about_how_many_rows(path) == 2


def test_a_packed_file_that_was_cut_off_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 5000)[:-20])
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        list(read_rows(path))


def test_a_packed_file_that_would_fill_the_machine_is_let_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000))
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(reading, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(UnreadableFileError, match="larger than"):
        list(read_rows(path))
    with pytest.raises(UnreadableFileError, match="larger than"):
        about_how_many_rows(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a,b,a\n1,2,3\n", "names a column twice: a"),
        (b"PK\x03\x04rubbish", "spreadsheet"),
        (b"%PDF-1.7", "a PDF"),
        (bytes(range(1, 32)) * 99, "not text"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        header_of(path)


def test_bytes_that_are_not_of_the_encoding_are_replaced_and_flagged(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", contact_rows(3000))
    path.write_bytes(path.read_bytes() + b"x1,2024-05-02T10:00:00,,u1,Gr\xf6\xdfe,Ann,1,2\n")

    run = import_file(path)

    assert (run.rows_added, run.rows_flagged) == (3001, 1)
    assert issues_of(run) == [(3002, False, "some signs are not utf-8-sig: they were replaced by \ufffd")]


def test_a_row_that_cannot_be_read_is_listed_and_the_others_are_taken(tmp_path: Path) -> None:
    rows = contact_rows(4)
    rows[0].append("one too many")
    rows[1][1] = "yesterday"
    rows[2][0] = ""
    path = write_csv(tmp_path / "a.csv", rows)

    run = import_file(path)

    assert (run.state, run.rows_read, run.rows_added, run.rows_rejected) == ("done", 4, 1, 3)
    assert issues_of(run) == [
        (2, True, "9 cells where the header has 8"),
        (3, True, "started_at is not a time: 'yesterday'"),
        (4, True, "no key: contact_id is empty"),
    ]


def test_a_cell_of_ten_megabytes_is_one_rejected_row(tmp_path: Path) -> None:
    rows = contact_rows(3)
    rows[1][4] = "x" * 10_000_000
    run = import_file(write_csv(tmp_path / "a.csv", rows))

    assert (run.rows_added, run.rows_rejected) == (2, 1)
    assert [(line, is_rejected) for line, is_rejected, _ in issues_of(run)] == [(3, True)]


def test_a_contact_that_intake_refuses_is_listed_and_the_others_are_taken(tmp_path: Path) -> None:
    mapping = (
        shipped("contacts_csv") + "  - {kind: talk, start: started_at, end: ended_at, only_when: {queue: Twice}}\n"
    )
    rows = contact_rows(3)
    rows[1][2] = "2024-05-02T23:00:00"
    rows[1][4] = "Twice"
    run = import_file(write_csv(tmp_path / "a.csv", rows), mapping)

    assert (run.rows_added, run.rows_rejected) == (2, 1)
    assert issues_of(run) == [(3, True, "contradicts itself: agent is in two segments at once")]


def test_a_file_without_a_needed_column_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["1"]], header=["contact_id"])
    before = row_counts()
    with pytest.raises(MappingError, match="no column started_at"):
        import_file(path)
    assert row_counts()["interactions_interaction"] == before["interactions_interaction"] == 0


def test_signs_that_the_database_cannot_keep_are_replaced(tmp_path: Path) -> None:
    rows = contact_rows(2)
    rows[0][4] = "Ser\0vice"
    run = import_file(write_csv(tmp_path / "a.csv", rows))

    assert (run.rows_added, run.rows_flagged) == (2, 1)
    assert Interaction.objects.count() == 2
    assert Customer.objects.count() == 2
