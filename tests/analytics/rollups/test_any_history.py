"""Whatever happens, in whatever order the readers hear of it: what is stored is what the records say."""

import random

from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.facts.measures import NAMES
from analytics.facts.models import AgentDay, Fact
from tests.factories.derived import assert_derived_is_true
from tests.factories.histories import History
from tests.factories.sandboxes import sandbox

BOUNDS = (93, 59, 83, 79)
STEP = st.tuples(*(st.integers(0, bound) for bound in BOUNDS))
FEW = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def random_steps(seed: int, number: int) -> list[tuple[int, ...]]:
    chance = random.Random(seed)
    return [tuple(chance.randint(0, bound) for bound in BOUNDS) for _ in range(number)]


@FEW
@given(steps=st.lists(STEP, min_size=10, max_size=60))
def test_after_any_history_facts_and_rollups_are_those_of_a_rebuild(db: None, steps: list) -> None:
    with sandbox():
        history = History()
        history.tell(steps)
        history.catch_up()

        assert_derived_is_true()


def test_long_histories_reach_almost_every_measure_and_stay_true(db: None) -> None:
    reached: set[str] = set()
    for seed in (0, 1, 2):
        with sandbox():
            history = History()
            history.tell(random_steps(seed, 220))
            history.catch_up()

            assert_derived_is_true()
            sums = Fact.objects.aggregate(**{name: Sum(name) for name in NAMES})
            sums |= AgentDay.objects.aggregate(contact=Sum("contact_seconds"), idle=Sum("idle_seconds"))
            reached |= {name for name, total in sums.items() if total}

    unreached = {*NAMES, "contact", "idle"} - reached
    assert len(unreached) <= 4, unreached  # tests/analytics/facts tells of each measure by name
