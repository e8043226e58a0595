"""Public ids sort by when they were made, and nobody can count by them."""

import time
from datetime import UTC, datetime

from ccx.kernel.abstract import new_public_id


def test_public_ids_sort_by_their_making_and_are_version_seven() -> None:
    before = time.time_ns() // 1_000_000
    made = [new_public_id() for _ in range(3000)]
    after = time.time_ns() // 1_000_000 + 1
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert before <= made[0].int >> 80 <= made[-1].int >> 80 <= after
    assert datetime.fromtimestamp((made[0].int >> 80) / 1000, tz=UTC).year >= 2026


def test_what_is_chance_in_a_public_id_differs_in_every_bit() -> None:
    chances = [new_public_id().int & (1 << 62) - 1 for _ in range(200)]
    assert len(set(chances)) == 200
    seen_as_one, seen_as_none = 0, (1 << 62) - 1
    for chance in chances:
        seen_as_one |= chance
        seen_as_none &= chance
    assert (seen_as_one, seen_as_none) == ((1 << 62) - 1, 0)
