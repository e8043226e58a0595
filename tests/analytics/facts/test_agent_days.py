"""How agents' days are made from presence and work."""

from datetime import date, datetime, timedelta

import pytest

from analytics.facts.agent_days import rebuild_agent_days
from analytics.facts.models import AgentDay
from analytics.rollups.reader import FACTS
from ccx.kernel.events.pumping import pump
from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import Role
from ccx.kernel.people.services.accounts import change_person
from interactions.cases.choices import SegmentKind
from interactions.channels.choices import Channel
from interactions.handling.models import PresenceState
from interactions.handling.services import set_presence
from interactions.models import Segment
from tests.factories.derived import assert_derived_is_true
from tests.factories.told import Line, Stretch, later

DAY = later().date()


def present(line: Line, *spans: tuple[PresenceState, datetime]) -> None:
    """Put the agent into these states one after another."""
    for state, at in spans:
        set_presence(agent=line.agent, state=state, at=at, by=line.agent)


def seconds(day: date = DAY) -> tuple[int, ...]:
    """Available, on contacts, idle, away."""
    assert pump(readers=[FACTS])
    columns = ("available_seconds", "contact_seconds", "idle_seconds", "away_seconds")
    [found] = AgentDay.objects.filter(day=day).values_list(*columns)
    return found


def test_chats_at_once_count_the_wall_clock_once(line: Line) -> None:
    present(line, (PresenceState.AVAILABLE, later()), (PresenceState.OFFLINE, later(hours=1)))
    line.over(later(minutes=10), Stretch(SegmentKind.TALK, 600), channel=Channel.CHAT, who="ann")
    line.over(later(minutes=15), Stretch(SegmentKind.TALK, 600), channel=Channel.CHAT, who="bob")

    assert seconds() == (3600, 900, 2700, 0)


def test_without_presence_there_is_no_row_at_all(line: Line) -> None:
    line.over(later())

    assert pump(readers=[FACTS])
    assert not AgentDay.objects.exists()


def test_a_break_is_neither_idle_nor_available(line: Line) -> None:
    present(
        line,
        (PresenceState.AVAILABLE, later()),
        (PresenceState.BREAK, later(minutes=30)),
        (PresenceState.AVAILABLE, later(minutes=40)),
        (PresenceState.OFFLINE, later(minutes=60)),
    )

    assert seconds() == (3000, 0, 3000, 600)


def test_presence_over_midnight_is_two_days(line: Line) -> None:
    present(line, (PresenceState.AVAILABLE, later(hours=14)), (PresenceState.OFFLINE, later(hours=16)))

    assert (seconds(DAY), seconds(DAY + timedelta(days=1))) == ((3600, 0, 3600, 0), (3600, 0, 3600, 0))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_work_told_before_or_after_presence_gives_the_same_day(line: Line, order: tuple[int, int]) -> None:
    deeds = (
        lambda: present(line, (PresenceState.AVAILABLE, later()), (PresenceState.OFFLINE, later(hours=1))),
        lambda: line.over(later(minutes=10), Stretch(SegmentKind.TALK, 600)),
    )
    for deed in order:
        deeds[deed]()
        assert pump(readers=[FACTS])

    assert seconds() == (3600, 600, 3000, 0)
    assert rebuild_agent_days() == 1
    assert seconds() == (3600, 600, 3000, 0)


def test_a_day_stays_with_the_team_it_was_worked_for_and_an_idle_one_follows_its_agent(line: Line, admin: User) -> None:
    for days in (0, 1):
        present(line, (PresenceState.AVAILABLE, later(days=days)), (PresenceState.OFFLINE, later(days=days, hours=1)))
    line.over(later(minutes=10), Stretch(SegmentKind.TALK, 600))
    Segment.objects.update(team=line.team)  # as handling writes it; a history knows no teams
    assert pump(readers=[FACTS])
    other, agent = Team.objects.create(name="Second line"), line.agent

    def teams() -> list[int | None]:
        return list(AgentDay.objects.order_by("day").values_list("team_id", flat=True))

    assert teams() == [line.team.pk, line.team.pk]
    change_person(user_id=agent.pk, email=agent.email, name=agent.name, role=Role.AGENT, team=other, by=admin)
    assert pump(readers=[FACTS])
    assert teams() == [line.team.pk, other.pk]
    assert_derived_is_true()
