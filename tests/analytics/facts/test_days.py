"""On which day a contact counts."""

from datetime import UTC, date, datetime

import pytest
from django.db.models import F, Sum

from analytics.facts.models import Fact
from analytics.rollups.models import DayRollup
from ccx.kernel.models import EventRow, User
from interactions.cases.choices import SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.services import save_line
from tests.factories.derived import assert_derived_is_true
from tests.factories.told import Line, Stretch, fact


def test_a_call_over_midnight_arrives_on_one_day_and_resolves_on_the_next(line: Line) -> None:
    call = line.over(datetime(2026, 3, 2, 23, 59, tzinfo=UTC), Stretch(SegmentKind.TALK, 120))

    found = fact(call)
    assert (found.day, found.end_day, found.hour, found.weekday) == (date(2026, 3, 2), date(2026, 3, 3), 23, 1)
    by_day = DayRollup.objects.filter(dimension=0).order_by("day").values_list("day", "answered", "handle_n", "fcr_n")
    assert list(by_day) == [(date(2026, 3, 2), 1, 1, 0), (date(2026, 3, 3), 0, 0, 1)]
    assert_derived_is_true()


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [("", date(2026, 3, 2), 3), ("America/New_York", date(2026, 3, 1), 22), ("Asia/Tokyo", date(2026, 3, 2), 12)],
)
def test_a_contacts_day_is_a_day_of_its_lines_calendar(line: Line, zone: str, day: date, hour: int) -> None:
    line.inbox(Channel.CHAT, zone)
    found = fact(line.over(datetime(2026, 3, 2, 3, 30, tzinfo=UTC), channel=Channel.CHAT))

    assert (found.day, found.hour, found.weekday) == (day, hour, day.isoweekday())


def test_the_long_and_the_short_day_of_a_year_keep_every_contact(line: Line) -> None:
    line.inbox(Channel.VOICE, "Europe/Berlin")
    for hour in range(48):
        at = datetime(2026, 3, 28, 22, 30, tzinfo=UTC) if hour < 24 else datetime(2026, 10, 24, 21, 30, tzinfo=UTC)
        line.over(at.replace(hour=(at.hour + hour) % 24, day=at.day + (at.hour + hour % 24) // 24), who=f"c{hour}")
    fact(line.over(datetime(2026, 1, 1, tzinfo=UTC)))

    days = Fact.objects.filter(day__gte=date(2026, 3, 1)).values("day").annotate(n=Sum("contacts")).order_by("day")
    assert {row["day"].isoformat(): row["n"] for row in days} == {
        "2026-03-28": 1, "2026-03-29": 23, "2026-10-24": 1, "2026-10-25": 23,
    }  # fmt: skip
    spring = set(Fact.objects.filter(day=date(2026, 3, 29)).values_list("hour", flat=True))
    assert spring == set(range(24)) - {2}
    autumn = Fact.objects.filter(day=date(2026, 10, 25), hour=2)
    assert autumn.count() == 2
    assert not Fact.objects.filter(ended_at__lt=F("started_at")).exists()
    assert_derived_is_true()


def test_another_zone_of_a_line_moves_its_contacts_to_other_days(line: Line, admin: User) -> None:
    inbox = line.inbox(Channel.CHAT)
    chat = line.over(datetime(2026, 3, 2, 3, 30, tzinfo=UTC), channel=Channel.CHAT)
    call = line.over(datetime(2026, 3, 2, 3, 30, tzinfo=UTC))
    assert fact(chat).day == fact(call).day == date(2026, 3, 2)

    save_line(inbox_id=inbox.pk, values={"time_zone": "America/New_York"}, by=admin)

    assert (fact(chat).day, fact(chat).hour, fact(call).day) == (date(2026, 3, 1), 22, date(2026, 3, 2))
    assert_derived_is_true()
    save_line(inbox_id=inbox.pk, values={"name": "Another name"}, by=admin)
    assert EventRow.objects.filter(kind="calendar_changed").count() == 1
