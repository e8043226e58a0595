"""A browser, and a centre whose figures are ready."""

from collections.abc import Iterator

import pytest
from django.db import connection
from playwright.sync_api import Browser

from tests.e2e.driving import launched, leave
from tests.factories.showcase import Showcase, make_showcase


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Started once for all browser tests of a process."""
    # Playwright keeps an event loop in this thread; rows are still written here, between its calls.
    with pytest.MonkeyPatch.context() as patched, launched() as opened:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield opened


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Without a page, at the beginning and at the end."""
    yield chromium
    for context in chromium.contexts:
        leave(context)


@pytest.fixture
def showcase(transactional_db: None) -> Iterator[Showcase]:
    """Starts and ends with an empty log: its table is not managed by Django, so the flush leaves it alone."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, kernel_loghead")
    yield make_showcase(contacts=240, days=20)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, kernel_loghead")
