from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interactions.routing.hours import Hours, business_seconds, is_open, next_opening
from interactions.routing.models import BusinessHours, BusinessInterval, Holiday
from interactions.routing.selectors import hours_of

VIENNA = ZoneInfo("Europe/Vienna")
SPLIT = Hours(
    time_zone="Europe/Vienna",
    week={day: ((time(9), time(12)), (time(13), time(17))) for day in range(5)},
    holidays={date(2026, 12, 25): (), date(2026, 12, 24): ((time(9), time(11)),)},
)
ALWAYS = Hours(time_zone="Europe/Vienna", week={day: ((time(0), time(0)),) for day in range(7)})
NEVER = Hours(time_zone="Europe/Vienna")
DAY = 24 * 3600


def _vienna(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=VIENNA)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (_vienna(2026, 11, 23, 8, 59, 59), False),
        (_vienna(2026, 11, 23, 9, 0), True),
        (_vienna(2026, 11, 23, 11, 59, 59), True),
        (_vienna(2026, 11, 23, 12, 0), False),
        (_vienna(2026, 11, 23, 13, 0), True),
        (_vienna(2026, 11, 23, 17, 0), False),
        (_vienna(2026, 11, 22, 10, 0), False),  # Sunday
        (_vienna(2026, 12, 25, 10, 0), False),  # a holiday
        (_vienna(2026, 12, 24, 10, 30), True),  # a short day
        (_vienna(2026, 12, 24, 13, 30), False),
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), True),
    ],
)
def test_a_line_is_open_within_its_shifts(at: datetime, expected: bool) -> None:
    assert is_open(SPLIT, at) is expected


def test_the_next_opening_skips_the_break_the_weekend_and_holidays() -> None:
    assert next_opening(SPLIT, _vienna(2026, 11, 23, 12, 30)) == _vienna(2026, 11, 23, 13, 0)
    assert next_opening(SPLIT, _vienna(2026, 11, 20, 17, 0)) == _vienna(2026, 11, 23, 9, 0)
    assert next_opening(SPLIT, _vienna(2026, 12, 24, 11, 0)) == _vienna(2026, 12, 28, 9, 0)
    inside = _vienna(2026, 11, 23, 10, 0)
    assert next_opening(SPLIT, inside) == inside
    assert next_opening(NEVER, inside) is None


def test_a_week_of_split_shifts_has_thirty_five_hours() -> None:
    assert business_seconds(SPLIT, _vienna(2026, 11, 23), _vienna(2026, 11, 30)) == 35 * 3600


def test_the_night_of_a_change_of_time_counts_what_it_lasted() -> None:
    assert business_seconds(ALWAYS, _vienna(2026, 3, 29), _vienna(2026, 3, 30)) == 23 * 3600
    assert business_seconds(ALWAYS, _vienna(2026, 10, 25), _vienna(2026, 10, 26)) == 25 * 3600


def test_a_shift_inside_the_hour_that_is_left_out_lasts_as_long_as_ever() -> None:
    night = Hours(time_zone="Europe/Vienna", week={6: ((time(1), time(2, 30)),)})
    # 01:00 until 02:30, which that night is 03:30: an hour and a half went by.
    assert business_seconds(night, _vienna(2026, 3, 29), _vienna(2026, 3, 30)) == 90 * 60


def test_shifts_that_overlap_or_touch_count_once() -> None:
    twice = Hours(time_zone="UTC", week={0: ((time(9), time(12)), (time(11), time(13)), (time(13), time(14)))})
    start = datetime(2026, 11, 23, tzinfo=UTC)
    assert business_seconds(twice, start, start + timedelta(days=1)) == 5 * 3600


def test_an_end_before_the_start_is_nothing() -> None:
    assert business_seconds(ALWAYS, _vienna(2026, 11, 24), _vienna(2026, 11, 23)) == 0


def test_rows_become_hours_with_holidays_that_are_closed_or_short(db: None) -> None:
    row = BusinessHours.objects.create(name="Office", time_zone="Europe/Vienna")
    BusinessInterval.objects.create(hours=row, weekday=0, opens=time(9), closes=time(12))
    BusinessInterval.objects.create(hours=row, weekday=0, opens=time(13), closes=time(0))
    Holiday.objects.create(hours=row, date=date(2026, 12, 25), name="Christmas")
    Holiday.objects.create(hours=row, date=date(2026, 12, 24), name="Eve", opens=time(9), closes=time(11))
    assert hours_of(row) == Hours(
        time_zone="Europe/Vienna",
        week={0: [(time(9), time(12)), (time(13), time(0))]},
        holidays={date(2026, 12, 25): [], date(2026, 12, 24): [(time(9), time(11))]},
    )


_minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
_openings = st.lists(
    st.tuples(_minutes, _minutes).filter(lambda pair: pair[0] < pair[1] or pair[1] == time(0)), max_size=3
)
_hours = st.builds(
    Hours,
    time_zone=st.sampled_from(["Europe/Vienna", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    week=st.dictionaries(st.integers(0, 6), _openings),
    holidays=st.dictionaries(st.dates(date(2026, 3, 1), date(2026, 4, 10)), _openings, max_size=4),
)
_moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 10), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0)
)


@settings(max_examples=60, deadline=None)
@given(hours=_hours, one=_moments, two=_moments, three=_moments)
def test_stretches_add_up_and_never_exceed_the_time_that_passed(
    hours: Hours, one: datetime, two: datetime, three: datetime
) -> None:
    one, two, three = sorted((one, two, three))
    whole = business_seconds(hours, one, three)
    assert whole == business_seconds(hours, one, two) + business_seconds(hours, two, three)
    assert 0 <= whole <= (three - one).total_seconds()


@settings(max_examples=60, deadline=None)
@given(hours=_hours, at=_moments)
def test_between_now_and_the_next_opening_there_is_nothing_open(hours: Hours, at: datetime) -> None:
    opening = next_opening(hours, at)
    until = opening if opening is not None else at + timedelta(days=60)
    assert business_seconds(hours, at, until) == 0
    assert opening is None or (opening >= at and is_open(hours, opening))


@settings(max_examples=40, deadline=None)
@given(hours=_hours, start=_moments, minutes=st.integers(1, 300))
def test_the_seconds_are_the_minutes_at_which_the_line_is_open(hours: Hours, start: datetime, minutes: int) -> None:
    counted = sum(is_open(hours, start + timedelta(minutes=minute)) for minute in range(minutes))
    assert business_seconds(hours, start, start + timedelta(minutes=minutes)) == counted * 60
