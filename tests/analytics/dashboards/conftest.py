from datetime import date

import pytest
import time_machine
from django.test import Client

from ccx.kernel.models import User
from tests.factories.figures import (
    a_fact,
    a_queue,
    a_reason,
    a_team,
    a_user,
    abandoned,
    an_administrator,
    answered,
    facts,
    granted,
    summed,
)

DAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _today():
    """It is 31 March 2026."""
    with time_machine.travel("2026-03-31 12:00:00+00:00", tick=False):
        yield


@pytest.fixture
def centre(db):
    """A few days of a small centre."""
    team, other = a_team("Billing"), a_team("Care")
    queue = a_queue("Bills", team=team)
    reason = a_reason("Wrong bill")
    common = {"team_id": team.pk, "queue_id": queue.pk, "reason_id": reason.pk}
    answered(
        20,
        DAY,
        wait=12,
        identified=1,
        follow_n=1,
        follow_any_7=1,
        handle_n=1,
        handle_s=120,
        talk_s=100,
        handle_seconds=120,
        end_day=DAY,
        fcr_n=1,
        fcr_yes=1,
        cases=1,
        case_contacts=2,
        **common,
    )
    answered(5, date(2026, 3, 29), wait=50, identified=1, repeat=1, end_day=date(2026, 3, 29), fcr_n=1, **common)
    abandoned(3, DAY, wait=4, team_id=other.pk)
    facts(
        12,
        DAY,
        channel=3,
        contacts=1,
        offered=1,
        answered=1,
        first_response_n=1,
        first_response_s=600,
        first_response_seconds=600,
        handle_n=1,
        handle_s=300,
        handle_seconds=300,
        team_id=team.pk,
    )
    a_fact(DAY, not_contacts=1)
    summed()
    return {"team": team, "other": other, "queue": queue, "reason": reason}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss(db) -> Client:
    return signed_in(an_administrator())


@pytest.fixture
def lead(centre) -> Client:
    return signed_in(granted(a_user(), "team", centre["team"].pk))


@pytest.fixture
def charlie(db) -> Client:
    """An agent: may not see figures at all."""
    return signed_in(a_user(role="agent"))
