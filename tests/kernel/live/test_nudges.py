"""From a committed change to the pages of those who may know."""

from collections.abc import Callable
from uuid import uuid4

from django.db import transaction

from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import team_topic, user_topic
from ccx.kernel.models import Team, User
from tests.kernel.live.wire import Tab

OpenTab = Callable[..., Tab]


def test_a_nudge_reaches_those_who_follow_once_it_is_committed(tab: OpenTab, alice: User, team: Team) -> None:
    page, other = tab(alice), tab(alice)
    assert page.follow(team_topic(team.public_id)) == {"follows": 1}
    assert other.follow(user_topic(alice.public_id)) == {"follows": 1}

    with transaction.atomic():
        nudge(team_topic(team.public_id), what="thing_changed")
        assert page.hears_nothing("topic")
    assert page.hear("topic") == {"topic": team_topic(team.public_id), "what": "thing_changed"}
    assert other.hears_nothing("topic")

    with transaction.atomic():
        nudge(team_topic(team.public_id))
        transaction.set_rollback(True)
    assert page.hears_nothing("topic")


def test_strangers_topics_are_refused_and_so_is_what_is_no_topic(
    tab: OpenTab, alice: User, charlie: User, team: Team
) -> None:
    page = tab(charlie)
    foreign = [team_topic(team.public_id), user_topic(alice.public_id), f"interaction:{uuid4()}", f"queue:{uuid4()}"]
    odd = ["user:..", "team:*", f"user:{charlie.public_id}x", "usër:1", "thing:desk", "x" * 5000, "", "user:ID\n"]
    own = user_topic(charlie.public_id)

    answer = page.follow(*foreign, *odd, own)

    assert answer == {"follows": 1, "refused": sorted({*foreign, *odd})}
    nudge(*foreign, own, what="seen")
    assert page.hear("topic")["topic"] == own
    assert page.hears_nothing("topic")


def test_a_page_is_told_what_it_missed_between_reading_and_following(tab: OpenTab, alice: User, team: Team) -> None:
    watcher, page = tab(alice), tab(alice)
    watcher.follow(team_topic(team.public_id))
    assert watcher.hears_nothing("topic", 1.2)  # the process has listened for longer than the page is old
    nudge(team_topic(team.public_id))
    watcher.hear("topic")

    page.say(type="follow", topics=[team_topic(team.public_id), user_topic(alice.public_id)], age=1)
    assert page.hear("topic")["topic"] == team_topic(team.public_id)
    assert page.hears_nothing("topic")
    late = tab(alice)
    late.follow(team_topic(team.public_id), age=0)
    assert late.hears_nothing("topic")


def test_what_is_no_longer_followed_is_no_longer_told(tab: OpenTab, alice: User, team: Team) -> None:
    page = tab(alice)
    page.follow(team_topic(team.public_id), user_topic(alice.public_id))
    page.follow(user_topic(alice.public_id))

    nudge(team_topic(team.public_id))
    nudge(user_topic(alice.public_id))

    assert page.hear("topic")["topic"] == user_topic(alice.public_id)
