"""`python -m benchmarks`: one JSON line a figure; progress goes to standard error. docs/benchmarks.md explains them."""

import argparse
import os
from collections.abc import Callable

from benchmarks.figures import Figure, say, seconds_of, tell
from benchmarks.servers import make_database, running

SMALL, LARGE = 10_000, 1_000_000
KEYS = (
    "rebuild_facts",
    "rebuild_rollups",
    "increment",
    "increment_scale",
    "exactness",
    "panel",
    "routing_pass",
    "intake_single",
    "intake_bulk",
    "intake_webhook",
    "call_answers",
    "import",
    "freshness",
    "live_fanout",
    "live_roundtrip",
    "chat_visitors",
    "chat_storm",
    "sending",
    "mail_backlog",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default=f"{SMALL},{LARGE}", help="contacts in the database, with commas")
    parser.add_argument("--only", default=",".join(KEYS), help="figures, with commas: " + ", ".join(KEYS))
    options = parser.parse_args()
    only = set(options.only.split(","))
    unknown = only - set(KEYS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(KEYS)}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.base")
    os.environ.setdefault("CCX_LOG_LEVEL", "ERROR")
    os.environ["CCX_API_REQUESTS_PER_MINUTE"] = "100000000"
    with running():
        measure(sorted(int(size) for size in options.sizes.split(",")), only)


def measure(sizes: list[int], only: set[str]) -> None:
    """A database of its own for each size, and in it all that was asked for."""
    urls = {size: make_database(f"ccx_bench_{size}") for size in sizes}
    os.environ["DATABASE_URL"] = urls[sizes[0]]
    import django

    django.setup()
    from benchmarks.run import Run

    run = Run(only)
    for size, url in urls.items():
        run.open(size, url)
        say(f"{size} contacts written in {seconds_of(run.fill):.0f} s")
        for name, action in run.actions().items():
            if only & set(name.split("+")):
                say(f"{name} at {size}: {_bounded(name, size, action):.0f} s")
    run.close()


def _bounded(name: str, size: int, action: Callable[[], object]) -> float:
    try:
        return seconds_of(action)
    except Exception as error:  # one figure that cannot be taken leaves the others
        tell(Figure(name=name, size=size, value=-1, unit="failed", note=f"{type(error).__name__}: {error}"[:200]))
        return 0.0


if __name__ == "__main__":
    main()
