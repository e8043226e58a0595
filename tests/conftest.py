"""What every test may use: real servers, real data where they are, and the query guard."""

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ccx.catalogues import compile_catalogues
from tests.databases import take_copy
from tests.emptying import use_quick_flush
from tests.long import LONGEST, is_long
from tests.services import WORKER_DATABASES, TestServices, redis_of_worker, use

SERVICES = pytest.StashKey[TestServices]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    use_quick_flush()
    if hasattr(config, "workerinput"):
        use({"REDIS_URL": redis_of_worker(os.environ["REDIS_URL"], config.workerinput["workerid"])})
        return
    if config.option.collectonly or {"DATABASE_URL", "REDIS_URL"} <= set(os.environ):
        return
    compile_catalogues()
    services = TestServices()
    config.stash[SERVICES] = services
    use(services.addresses)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, for some test always waits for a browser, a process or a clock; but each
    has a Redis database of its own."""
    return min((os.cpu_count() or 1) + 1, WORKER_DATABASES)


def pytest_unconfigure(config: pytest.Config) -> None:
    services = config.stash.get(SERVICES, None)
    if services:
        services.stop()


def real_data_folder() -> Path:
    """Where the real data are: CCX_REAL_DATA, or beside the project."""
    return Path(os.environ.get("CCX_REAL_DATA") or settings.BASE_DIR.parent / "shared" / "data")


def pytest_itemcollected(item: pytest.Item) -> None:
    if is_long(item.path):
        item.add_marker("long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first, so that none is left over at the end. Without the folder of real data its tests are left
    out, with one line; in CI that is an error."""
    items.sort(key=lambda item: not is_long(item.path, LONGEST))
    if real_data_folder().is_dir():
        return
    needing = [item for item in items if item.get_closest_marker("real_data")]
    if not needing:
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"CI=true needs the real data: set CCX_REAL_DATA ({real_data_folder()} is missing).")
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there before the first test stays to the end: the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not real_data_folder().is_dir() and not hasattr(config, "workerinput"):
        terminalreporter.write_line("Tests with real data were left out: set CCX_REAL_DATA to their folder.")


@pytest.fixture
def real_data() -> Path:
    """The folder of the real data; only for tests marked real_data."""
    return real_data_folder()


@pytest.fixture
def queries_do_not_grow(db: None) -> Callable[[Callable[[], object], Callable[[], object]], int]:
    """Run `read` on few rows and again after `add_rows`; the query count must not move."""

    def check(read: Callable[[], object], add_rows: Callable[[], object]) -> int:
        read()  # warm content types, sessions, caches
        with CaptureQueriesContext(connection) as few:
            read()
        add_rows()
        with CaptureQueriesContext(connection) as many:
            read()
        assert len(few) == len(many), "\n".join(query["sql"] for query in many)
        return len(many)

    return check


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any) -> None:
    """In place of the plugin's, which would migrate a database for every process."""
    with django_db_blocker.unblock():
        take_copy(getattr(request.config, "workerinput", {}).get("workerid", ""))
