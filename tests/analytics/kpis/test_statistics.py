import pytest

from analytics.kpis.statistics import bin_edges, histogram_quantile, nps_interval, wilson


def test_wilson_agrees_with_the_published_example() -> None:
    low, high = wilson(8, 10) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


def test_wilson_stays_within_0_and_1() -> None:
    assert (wilson(0, 5) or (1, 1))[0] == 0.0
    assert (wilson(5, 5) or (0, 0))[1] == 1.0


def test_there_is_no_interval_without_observations() -> None:
    assert wilson(0, 0) is None
    assert nps_interval(0, 0, 0) is None


def test_the_interval_of_nps_uses_its_own_variance() -> None:
    low, high = nps_interval(50, 20, 100) or (0, 0)
    # se = sqrt((0.5 + 0.2 - 0.3²) / 100) · 100 = 7.8102
    assert low == pytest.approx(30 - 1.959964 * 7.8102, abs=1e-3)
    assert high == pytest.approx(30 + 1.959964 * 7.8102, abs=1e-3)


def test_a_bin_reaches_up_to_the_next_edge() -> None:
    assert bin_edges(-1) == (0.0, 0.0)
    assert bin_edges(4) == (2.0, pytest.approx(2.378414))


def test_a_histogram_quantile_lies_in_the_bin_that_holds_it() -> None:
    value = histogram_quantile([(-1, 50), (16, 40), (24, 10)], 0.9)
    assert value == pytest.approx(16 * 2**0.25)
    assert histogram_quantile([(-1, 60), (16, 40)], 0.5) == 0.0
    assert histogram_quantile([], 0.5) is None
