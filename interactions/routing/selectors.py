"""Reads about queues and business hours."""

from collections import defaultdict
from datetime import date

from interactions.routing.hours import Hours, Opening
from interactions.routing.models import BusinessHours


def hours_of(row: BusinessHours) -> Hours:
    """The hours of a line as `hours.py` computes with them."""
    week: dict[int, list[Opening]] = defaultdict(list)
    for interval in row.intervals.all():
        week[interval.weekday].append((interval.opens, interval.closes))
    holidays: dict[date, list[Opening]] = defaultdict(list)
    for holiday in row.holidays.all():
        openings = holidays[holiday.date]
        if holiday.opens is not None and holiday.closes is not None:
            openings.append((holiday.opens, holiday.closes))
    return Hours(time_zone=row.time_zone, week=dict(week), holidays=dict(holidays))
