"""A browser, and a centre whose figures are ready."""

from collections.abc import Iterator
from threading import get_ident

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser

from tests.e2e.centre import eventually
from tests.e2e.driving import launched, leave
from tests.factories.showcase import Showcase, make_showcase


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Started once for all browser tests of a process."""
    # Playwright keeps an event loop in this thread; rows are still written here, between its calls.
    with pytest.MonkeyPatch.context() as patched, launched() as opened:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield opened


@pytest.fixture(scope="package")
def answering() -> Iterator[set[int]]:
    """The requests that this process is answering, by their thread."""
    threads: set[int] = set()

    def begin(**_told: object) -> None:
        threads.add(get_ident())

    def end(**_told: object) -> None:
        threads.discard(get_ident())

    request_started.connect(begin)
    request_finished.connect(end)
    yield threads
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def browser(chromium: Browser, answering: set[int]) -> Iterator[Browser]:
    """Without a page, at the beginning and at the end. What a page asked for last, a draft that it saves as it closes,
    is answered before the tables are emptied: the two would wait for each other."""
    answering.clear()
    yield chromium
    for context in chromium.contexts:
        leave(context)
    eventually(lambda: not answering, "the last answer", seconds=10)


@pytest.fixture
def showcase(transactional_db: None) -> Showcase:
    """Weeks of work, and their figures."""
    return make_showcase(contacts=240, days=20)
