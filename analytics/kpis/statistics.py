"""Intervals and quantiles: arithmetic that knows no contact."""

from collections.abc import Iterable
from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054
SMALL: Final = 30


def wilson(successes: int, n: int) -> tuple[float, float] | None:
    """The 95 % interval of a share; None where there is nothing to say."""
    if n <= 0 or not 0 <= successes <= n:
        return None
    share = successes / n
    spread = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n))
    centre = share + Z95**2 / (2 * n)
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def nps_interval(promoters: int, detractors: int, n: int) -> tuple[float, float] | None:
    """The 95 % interval of a net promoter score by its own variance: se = sqrt((p + d − (p − d)²) / n)."""
    if n <= 0:
        return None
    p, d = promoters / n, detractors / n
    spread = Z95 * sqrt(max(0.0, p + d - (p - d) ** 2) / n)
    return max(-100.0, (p - d - spread) * 100), min(100.0, (p - d + spread) * 100)


def bin_edges(number: int) -> tuple[float, float]:
    """From and to of a logarithmic bin: bin −1 holds 0 s, bin b holds 2^(b/4) up to 2^((b+1)/4)."""
    if number < 0:
        return 0.0, 0.0
    return 2.0 ** (number / 4), 2.0 ** ((number + 1) / 4)


def histogram_quantile(bins: Iterable[tuple[int, int]], q: float) -> float | None:
    """About where the q-quantile of binned durations lies, straight within the bin."""
    ordered = sorted((number, contacts) for number, contacts in bins if contacts > 0)
    total = sum(contacts for _, contacts in ordered)
    if total == 0:
        return None
    rank = q * total
    passed = 0
    for number, contacts in ordered:
        if passed + contacts >= rank:
            low, high = bin_edges(number)
            return low + (high - low) * max(0.0, rank - passed) / contacts
        passed += contacts
    return bin_edges(ordered[-1][0])[1]
