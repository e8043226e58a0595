"""The page of what customers say: the scores add up to the figure, and words are for those who may read them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from analytics.kpis.answers import scores_given, words_written
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from analytics.rollups.refresh import refresh_facts
from ccx.kernel.models import Grant, User
from ccx.kernel.people.choices import GrantScope, Role
from feedback.surveys.services import record_response
from interactions.channels.choices import Channel
from tests.analytics.dashboards.conftest import DAY, signed_in
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_customer_centre, make_person
from tests.factories.figures import summed

PERIOD = Period(DAY, DAY)
MARCH = f"/dashboards/customers-say/?from={DAY}&to={DAY}"
AT = datetime(DAY.year, DAY.month, DAY.day, 10, tzinfo=UTC)


@pytest.fixture
def people(db: None) -> CustomerCentre:
    """Twelve answers about contacts of Alice's team, eleven about those of Charlie's."""
    people = make_customer_centre()
    ids = []
    for number in range(23):
        team = people.team if number < 12 else people.other_team
        contact = make_contact(
            people,
            make_customer(f"C{number}"),
            "Hi",
            started_at=AT + timedelta(minutes=number),
            team=team,
            queue=None,
            channel=Channel.VOICE if number % 2 else Channel.EMAIL,
        )
        answers = {"csat": number % 5 + 1, "nps": number % 11, "comment": f"Word of {team.name} {number}"}
        record_response(interaction=contact, answers=answers, by=None, at=AT + timedelta(hours=number))
        ids.append(contact.pk)
    refresh_facts(ids)
    summed()
    return people


@pytest.mark.parametrize("who", ["alice", "charlie", "ada"])
@pytest.mark.parametrize("filters", [Filters(), Filters(channel=Channel.VOICE)], ids=["all", "voice"])
def test_the_scores_add_up_to_the_figure_for_everybody(people: CustomerCentre, who: str, filters: Filters) -> None:
    user = User.objects.get(pk=getattr(people, who).pk)
    for key in ("csat", "nps"):
        figures = read_figures(
            keys=[key], period=PERIOD, comparison=None, filters=filters, split_by=Split.NONE, user=user
        )
        given = scores_given(key, period=PERIOD, filters=filters, user=user)
        figure = figures.total[key]
        if figure.value is None:
            assert given is None
        else:
            assert given is not None
            assert sum(given.values()) == figure.n


def test_too_few_answers_are_no_distribution(people: CustomerCentre) -> None:
    assert scores_given("csat", period=PERIOD, filters=Filters(channel=Channel.VOICE), user=people.alice) is None
    assert scores_given("ces", period=PERIOD, filters=Filters(), user=people.alice) == dict.fromkeys(range(1, 8), 0)


def test_words_are_those_of_contacts_one_may_see(people: CustomerCentre) -> None:
    written = words_written(period=PERIOD, filters=Filters(), user=people.charlie)
    assert {response.comment.split()[2] for response in written} == {"Claims"}
    page = signed_in(people.charlie).get(MARCH).content.decode()
    assert "Word of Claims 13" in page
    assert "Word of Billing" not in page


def test_the_page_shows_figures_scores_groups_and_words(people: CustomerCentre) -> None:
    ada = signed_in(people.ada)
    page = ada.get(f"{MARCH}&by=team&asked=nps").content.decode()
    for part in ("tile-csat", "tile-response_rate", "panel-distribution", "panel-groups", "Claims", "Word of Claims"):
        assert part in page
    for panel in ("over_time", "distribution", "groups"):
        assert ada.get(f"/dashboards/export/answers/{panel}.csv?from={DAY}&to={DAY}").status_code == 200


def test_an_owner_reads_words_and_is_led_to_no_contact(people: CustomerCentre) -> None:
    owner = make_person("owner", Role.EXPERIENCE_OWNER, None)
    Grant.objects.create(user=owner, scope=GrantScope.REASON, target_id=people.reason.pk)
    page = signed_in(owner).get(MARCH).content.decode()
    assert "Word of Claims" in page
    assert "/interactions/" not in page


def test_an_agent_finds_no_page_and_a_stranger_signs_in(people: CustomerCentre) -> None:
    assert signed_in(people.bob).get(MARCH).status_code == 404
    assert Client().get(MARCH).status_code == 302
