"""A mapping that is wrong says what is wrong and where; one that is right reads clocks as they were meant."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from interactions.doors.history.guessing import best_shipped, columns_by_meaning, guess_mapping
from interactions.doors.history.mapping import NOT_GUESSED, MappingError, load_mapping, shipped_mappings
from interactions.doors.history.running import check_columns
from interactions.doors.history.times import Times, clock_of
from tests.factories.imports import HEADER, shipped

GOOD = """
source: {name: Old desk, time_zone: UTC}
inbox: {name: Old desk, channel: voice}
key: [id]
started: begun
"""


@pytest.mark.parametrize("name", shipped_mappings())
def test_every_shipped_mapping_loads(name: str) -> None:
    assert load_mapping(shipped(name)).columns()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("source: [", "not YAML: .*line 6, column"),
        ("a: &x 1\nb: *x", "Line 6: a mapping knows no anchors"),
        ("sorce: x", "parts that are not known: sorce"),
        ("source: {name: A, time_zone: Mars/Base}", "no time zone 'Mars/Base'"),
        ("source: {name: A, time_zone: Europe}", "no time zone 'Europe'"),
        ("source: {name: A, zone: UTC}", "'source' does not know zone"),
        ("source: A", "'source' must be made of: name, period, time_zone"),
        ("key:", "lacks the part 'key'"),
        ("started:", "lacks the part 'started'"),
        ("started: {colum: a}", "'started' does not know colum"),
        ("started: {column: a, format: '%Q'}", "'started.format' is no format of times: '%Q'"),
        ("started: {column: a, format: '%d%d'}", "'started.format' is no format"),
        ("inbox: {name: A, channel: pigeon}", "'inbox.channel' must be one of"),
        ("outcome: {constant: lost}", "'outcome' must be one of"),
        ("outcome: {column: a, values: [b]}", "'outcome.values' must name"),
        ("identities: [{kind: passport, column: a}]", r"'identities\[1\].kind' must be one of"),
        ("identities: {kind: email}", "'identities' must be a list"),
        ("segments: [{kind: talk}]", r"'segments\[1\]' needs 'start' and 'end', or 'seconds'"),
        ("segments: [{kind: talk, seconds: a, skip_when: b}]", r"'segments\[1\].skip_when' must name columns"),
        ("file: {encoding: utf-9}", "no encoding 'utf-9'"),
        ("file: {encoding: base64}", "no encoding 'base64'"),
        ("group: number", "'group' must be made of: by, order"),
    ],
)
def test_a_mapping_that_is_wrong_says_what_and_where(change: str, message: str) -> None:
    part = change.partition(":")[0]
    kept = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{part}:") or part == "source: [")
    with pytest.raises(MappingError, match=message):
        load_mapping(f"{kept}\n{change}" if "line 6" not in message else f"{GOOD}{change}")


def test_words_of_a_mapping_are_taken_as_they_are_written() -> None:
    mapping = load_mapping(GOOD + "outcome: {column: o, values: {NO: abandoned, 1: handled}, default: handled}\n")
    assert mapping.outcome.values == {"NO": "abandoned", "1": "handled"}


@pytest.mark.parametrize("text", ["7", "25:00:00", "7:60", "7:00:60", "-1:00", "a:b", "1:2:3:4", "٣:٠٠"])
def test_what_is_no_clock_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        clock_of(text)


def test_clocks_are_read_in_the_zone_and_on_the_side_of_the_change_that_they_were_on() -> None:
    times = Times(ZoneInfo("Europe/Berlin"))

    def at(day: str, clock: str) -> datetime:
        return times.at_clock(day, "%Y-%m-%d", clock_of(clock))

    assert at("2024-01-10", "9:00") == datetime(2024, 1, 10, 8, tzinfo=UTC)
    assert at("2024-07-10", "9:00") == datetime(2024, 7, 10, 7, tzinfo=UTC)
    # Clocks go forward on the 31st of March: eight in the morning is in summer time, one at night is not.
    assert at("2024-03-31", "1:00") == datetime(2024, 3, 31, 0, tzinfo=UTC)
    assert at("2024-03-31", "8:00") == datetime(2024, 3, 31, 6, tzinfo=UTC)
    # Put back on the 27th of October: of two half past twos the first.
    assert at("2024-10-27", "2:30") == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert at("2024-10-27", "24:00") - at("2024-10-27", "0:00") == timedelta(hours=25)


def test_times_with_an_offset_of_their_own_keep_it_and_impossible_years_are_refused() -> None:
    times = Times(ZoneInfo("Europe/Berlin"))
    assert times.moment("2024-01-10T09:00:00-05:00", "iso") == datetime(2024, 1, 10, 14, tzinfo=UTC)
    with pytest.raises(ValueError, match="the year 1"):
        times.moment("0001-01-01", "iso")


def test_the_shipped_mapping_that_fits_is_guessed() -> None:
    assert (
        best_shipped([*HEADER, "customer_email", "customer_phone", "channel", "outcome", "reason", "team"])
        == "contacts_csv"
    )
    bank = sorted(load_mapping(shipped("anonymous_bank")).columns())
    assert best_shipped([*bank, "more"]) == "anonymous_bank"
    assert best_shipped(["a", "b"]) == ""


def test_columns_are_guessed_by_what_they_are_called() -> None:
    header = ["Ticket ID", "createdAt", "Requester E-Mail", "Email", "Queue Name", "Talk Time", "Colour"]
    assert columns_by_meaning(header) == {
        "key": "Ticket ID",
        "started": "createdAt",
        "customer_email": "Email",
        "queue": "Queue Name",
        "talk": "Talk Time",
    }
    mapping = load_mapping(guess_mapping(header, name="calls 2024"))
    assert (mapping.source_name, mapping.key, mapping.started.column) == ("calls 2024", ("Ticket ID",), "createdAt")


def test_a_header_that_tells_nothing_gives_a_mapping_that_says_what_is_missing(tmp_path: Path) -> None:
    mapping = load_mapping(guess_mapping(["a", "b"], name="x"))
    assert mapping.key == (NOT_GUESSED,)
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(MappingError, match="asks “WHICH COLUMN"):
        check_columns(path, mapping)


def test_an_outcome_that_nobody_knows_is_taken_as_handled_until_it_is_named() -> None:
    mapping = load_mapping(guess_mapping(["id", "created_at", "result"], name="x"))
    assert (mapping.outcome.column, mapping.outcome.default) == ("result", "handled")
    assert mapping.outcome.values["abandoned"] == "abandoned"


def test_what_is_wrong_with_a_mapping_is_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interactions.doors.history.mapping._", lambda text: f"<{text}>")
    with pytest.raises(MappingError) as told:
        load_mapping("title: x")
    assert str(told.value) == "<The mapping lacks the part 'source'.>"
