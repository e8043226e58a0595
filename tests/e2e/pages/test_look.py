"""In a real browser: no accessibility or content policy violation, no sideways scrolling, keyboard and themes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from ccx.kernel.people.choices import Role
from ccx.kernel.people.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread; rows are still written here, between its calls.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=os.environ.get("CCX_CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        yield opened
        opened.close()


@pytest.fixture
def session() -> str:
    """The cookie of an administrator, who sees the style page."""
    alice = User.objects.create_user("alice@example.org", name="Alice", role=Role.ADMINISTRATOR)
    client = Client()
    client.force_login(alice, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def opened(browser: Browser, address: str, *, session: str = "", width: int = 1280, theme: Any = "light") -> Page:
    """The page, with everything the browser complained about in `page.complaints`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    if session:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("console", lambda said: said.type in {"error", "warning"} and page.complaints.append(said.text))  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.goto(address)
    return page


def violations(page: Page) -> list[str]:
    """What axe finds. Ask for complaints before: axe tries an inline style of its own, and is refused."""
    devtools = page.context.new_cdp_session(page)  # the content policy refuses a script tag, as it should
    devtools.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{rule['id']}: {node['target']}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_style_page_is_accessible_fits_and_breaks_no_policy(live_server, browser, session, theme, width):
    page = opened(browser, f"{live_server.url}/styleguide/", session=session, width=width, theme=theme)
    page.wait_for_selector("#panel-channels .chart canvas")
    assert page.complaints == []
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_signing_in_is_accessible(live_server, browser, theme):
    page = opened(browser, f"{live_server.url}/accounts/login/", theme=theme)
    assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
    assert page.complaints == []
    assert violations(page) == []


def test_the_keyboard_reaches_places_and_a_chart_is_also_a_table(live_server, browser, session):
    page = opened(browser, f"{live_server.url}/styleguide/", session=session)
    page.wait_for_selector("#panel-channels .chart canvas")
    assert not page.locator("#panel-channels table").is_visible()
    page.click("#panel-channels [data-as-table]")
    assert page.locator("#panel-channels table").is_visible()

    page.keyboard.press("?")
    page.wait_for_selector("#shortcuts[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#shortcuts", state="hidden")

    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open]")
    page.keyboard.type("configu")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/**")
    assert page.complaints == []


def test_the_chosen_theme_stays_for_the_next_page(live_server, browser, session):
    page = opened(browser, f"{live_server.url}/styleguide/", session=session)
    page.click(".rail-menu > summary")
    page.check(".theme-choice input[value=dark]")
    page.goto(f"{live_server.url}/accounts/password/reset/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
