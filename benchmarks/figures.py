"""One figure of a run, and how it is told: one JSON line."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

REPETITIONS = 5
SECONDS_FOR_ONE = 40.0


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`ratio` is what the bar is about; where it is null, `value` is."""

    name: str
    size: int
    value: float
    unit: str
    ratio: float | None = None
    bar: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the bar holds; null where the figure has none."""
        if self.bar is None:
            return None
        told = self.value if self.ratio is None else self.ratio
        return told >= self.bar if self.at_least else told <= self.bar


def tell(figure: Figure) -> None:
    """Write the line at once, so that a run that is broken off has told what it measured."""
    line = asdict(figure) | {"holds": figure.holds}
    line["value"] = round(figure.value, 4)
    line["ratio"] = None if figure.ratio is None else round(figure.ratio, 4)
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Progress, for people."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def seconds_of(action: Callable[[], object]) -> float:
    """How long it takes once."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def medians(*actions: Callable[[], object]) -> list[float]:
    """Medians of the actions taken in turn, so that a slow moment of the machine hits all of them.

    Up to REPETITIONS rounds; fewer when they take longer than SECONDS_FOR_ONE.
    """
    times: list[list[float]] = [[] for _ in actions]
    started = time.perf_counter()
    for _ in range(REPETITIONS):
        for action, taken in zip(actions, times, strict=True):
            taken.append(seconds_of(action))
        if time.perf_counter() - started > SECONDS_FOR_ONE:
            break
    return [statistics.median(taken) for taken in times]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
