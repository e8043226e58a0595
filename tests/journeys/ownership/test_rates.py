"""What contacts cost: the rate that held, by channel and day; a rate in the past counts anew, and says so first."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from analytics.facts.models import Fact
from analytics.rollups.models import DayRollup
from ccx.kernel.errors import DomainError
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import User
from ccx.kernel.people.errors import NotAllowedError
from interactions.cases.choices import Outcome, SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact, Past, PastSegment
from interactions.intake.services import receive_many
from interactions.models import Inbox
from journeys.models import CostRate
from journeys.ownership.errors import RateChangesThePastError, RateIsNegativeError
from journeys.ownership.services.rates import remove_cost_rate, set_cost_rate
from tests.factories.derived import assert_derived_is_true

MARCH = datetime(2026, 3, 1, 9, tzinfo=UTC)


def handled(channel: Channel, at: datetime, seconds: int) -> InboundContact:
    inbox, _is_new = Inbox.objects.get_or_create(channel=channel, defaults={"name": channel.slug})
    end = at + timedelta(seconds=seconds)
    talk = PastSegment(kind=SegmentKind.TALK, started_at=at, ended_at=end)
    past = Past(outcome=Outcome.HANDLED, closed_at=end, first_answered_at=at, segments=(talk,))
    return InboundContact(inbox_id=inbox.pk, channel=channel, external_id=f"{channel}{at}", occurred_at=at, past=past)


def costs() -> dict[tuple[int, int], int]:
    """Cents by day of March and channel."""
    return {(fact.day.day, fact.channel): fact.cost_cents for fact in Fact.objects.all()}


def test_a_contact_costs_what_held_when_it_arrived_on_its_channel(admin: User) -> None:
    def rate(channel: Channel | None, day: int, hour: str, contact: str) -> None:
        amounts = (Decimal(hour), Decimal(contact))
        set_cost_rate(channel=channel, from_day=date(2026, 3, day), amounts=amounts, is_past_meant=True, by=admin)

    contacts = [handled(Channel.VOICE, MARCH + timedelta(days=day), 600) for day in (0, 9, 19)]
    contacts += [handled(Channel.EMAIL, MARCH + timedelta(days=day), 900) for day in (0, 9, 19)]
    receive_many(contacts=contacts, by_id=None, mode="history")
    pump_everything()
    assert set(costs().values()) == {0}

    rate(None, 5, "36.00", "0.50")
    rate(Channel.VOICE, 15, "48.00", "0.25")
    pump_everything()

    # 600 s at 36 an hour are 6.00, 900 s are 9.00; at 48 an hour 600 s are 8.00.
    assert costs() == {
        (1, Channel.VOICE): 0, (10, Channel.VOICE): 650, (20, Channel.VOICE): 825,
        (1, Channel.EMAIL): 0, (10, Channel.EMAIL): 950, (20, Channel.EMAIL): 950,
    }  # fmt: skip
    assert sum(DayRollup.objects.filter(dimension=0).values_list("cost_cents", flat=True)) == 650 + 825 + 2 * 950
    assert_derived_is_true()

    remove_cost_rate(rate_id=CostRate.objects.get(channel=Channel.VOICE).pk, is_past_meant=True, by=admin)
    rate(None, 5, "72.00", "0")
    pump_everything()

    assert costs()[20, Channel.VOICE] == 1200
    assert CostRate.objects.count() == 1
    assert_derived_is_true()


def test_a_rate_that_begins_in_the_past_is_refused_unless_it_is_meant(admin: User) -> None:
    today = timezone.now().date()
    amounts = (Decimal(40), Decimal(0))
    with pytest.raises(RateChangesThePastError):
        set_cost_rate(channel=None, from_day=today, amounts=amounts, by=admin)

    later = set_cost_rate(channel=None, from_day=today + timedelta(days=3), amounts=amounts, by=admin)
    remove_cost_rate(rate_id=later.pk, by=admin)
    remove_cost_rate(rate_id=later.pk, by=admin)
    assert not CostRate.objects.exists()


@pytest.mark.parametrize("amounts", [(Decimal(-1), Decimal(0)), (Decimal(1), Decimal("-0.01"))])
def test_no_rate_is_negative_and_only_who_configures_sets_one(admin: User, alice: User, amounts: tuple) -> None:
    tomorrow = timezone.now().date() + timedelta(days=1)
    errors: tuple[tuple[User, type[DomainError]], ...] = ((admin, RateIsNegativeError), (alice, NotAllowedError))
    for user, error in errors:
        with pytest.raises(error):
            set_cost_rate(channel=None, from_day=tomorrow, amounts=amounts, by=user)
