"""How figures are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from ccx.kernel.look import figures
from ccx.kernel.look.figures import Change, change, duration, local_time, money, number, percent, time_with_zone


def plain(text: str) -> str:
    return text.replace(figures.NBSP, " ")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.4, "0.4 s"),
        (0.01, "0.1 s"),
        (0.97, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 m 00 s"),
        (192, "3 m 12 s"),
        (7500, "2 h 05 m"),
        (86400 * 3 + 3600 * 4, "3 d 4 h"),
        (-21, "−21 s"),
        (timedelta(minutes=5, seconds=3), "5 m 03 s"),
        (Decimal("61"), "1 m 01 s"),
    ],
)
def test_a_duration_is_written_with_its_two_largest_units(seconds, written):
    assert plain(duration(seconds)) == written


def test_a_duration_never_breaks_between_figure_and_unit():
    assert duration(192) == "3\u00a0m 12\u00a0s"


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [(None, 0, "–"), (0, 0, "0"), (12483, 0, "12,483"), (-7, 0, "−7"), (0.5, 0, "1"), (1.25, 1, "1.3"), (-0.2, 0, "0")],
)
def test_a_number_is_grouped_and_rounded_as_people_do(value, digits, written):
    assert number(value, digits) == written


def test_a_share_is_a_percentage_with_one_digit_unless_told():
    assert percent(0.8734) == "87.3%"
    assert percent(0.875, 0) == "88%"
    assert percent(None) == "–"


def test_money_is_written_as_the_language_does():
    assert money(Decimal("1234.5"), "EUR") == "€1,234.50"
    assert money(-5, "USD") == "−$5.00"
    assert money(1234, "JPY") == "¥1,234"
    assert plain(money(10, "CHF")) == "CHF 10.00"
    with translation.override("de"):
        assert plain(money(Decimal("1234.5"), "EUR")) == "1.234,50 €"


def test_a_change_has_a_word_an_arrow_and_what_it_means():
    assert change(0.734, 0.712, better="up", measure="share") == Change(
        direction="up", tone="good", text="2.2 points higher"
    )
    assert change(0.70, 0.71, better="up", measure="share") == Change(
        direction="down", tone="bad", text="1.0 point lower"
    )
    longer = change(392, 371, better="down", measure="duration")
    assert (longer.tone, plain(longer.text)) == ("bad", "21 s longer")
    assert change(110, 100) == Change(direction="up", tone="neutral", text="10% more")
    assert change(95, 100, better="down") == Change(direction="down", tone="good", text="5.0% fewer")


def test_a_change_from_next_to_nothing_is_a_count_not_a_huge_percentage():
    assert change(12483, 9).text == "12,474 more"
    assert change(4, 0).text == "4 more"


def test_no_comparison_and_no_movement_say_so():
    assert change(3, None) == Change(direction="unknown", tone="neutral", text="no comparison")
    assert change(3, 3, better="up") == Change(direction="same", tone="neutral", text="unchanged")


def test_times_are_short_local_and_have_their_zone_on_hover():
    moment = datetime(2026, 11, 22, 13, 5, 33, tzinfo=UTC)
    with timezone.override("Europe/Vienna"):
        assert local_time(moment, now=moment + timedelta(hours=2)) == "14:05"
        assert local_time(moment, now=moment + timedelta(hours=12)) == "22 Nov, 14:05"
        assert local_time(moment, now=moment + timedelta(days=365)) == "22 Nov 2026, 14:05"
        assert time_with_zone(moment) == "Sunday 22 November 2026, 14:05:33 CET (UTC+01:00)"
