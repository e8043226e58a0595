"""How tests drive the browser: open a page as somebody, and hear everything that is wrong with it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ccx.kernel.models import User

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE: Final = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CCX_CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        yield browser
        browser.close()


def signed_in(user: User) -> str:
    """The cookie of a session of this person."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def window(
    browser: Browser, address: str, *, session: str = "", width: int = 1280, theme: Any = "light", sockets: bool = False
) -> Page:
    """An empty page of a fresh profile, with everything the browser complains about in `page.complaints`."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, base_url=address, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    if not sockets:
        # No socket process runs: the page's socket opens, says hello and nothing more.
        context.route_web_socket("**/ws/live", lambda socket: socket.send('{"me": ""}'))
    if session:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    return listened(context)


def listened(context: BrowserContext) -> Page:
    """Another page of the profile."""
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("console", lambda said: said.type in {"error", "warning"} and page.complaints.append(said.text))  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    return page


def opened(browser: Browser, address: str, **options: Any) -> Page:
    """The page at an address, opened in a fresh profile."""
    page = window(browser, address, **options)
    page.goto(address)
    return page


def violations(page: Page) -> list[str]:
    """What axe finds, and what of its colours it finds once the person's theme changes: light and dark in one go.

    It tries an inline style of its own, and is refused; that is no complaint about the page.
    """
    complaints = list(page.complaints)  # type: ignore[attr-defined]
    devtools = page.context.new_cdp_session(page)  # the content policy refuses a script tag, as it should
    devtools.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found = _run_axe(page, RULES)
    own = page.evaluate("document.documentElement.dataset.bsTheme")
    _put_on(page, "light" if own == "dark" else "dark")
    colours = {"type": "rule", "values": ["color-contrast"]}
    found += [f"in the other theme: {one}" for one in _run_axe(page, colours)]
    _put_on(page, own)
    page.complaints[:] = complaints  # type: ignore[attr-defined]
    return found


def _put_on(page: Page, theme: Any) -> None:
    """Change the person's theme and wait until the page wears it: the browser tells it between two frames."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.bsTheme === theme", arg=theme)
    # The admin's own pages fade their links whatever a person asked for.
    page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        ".then(() => Promise.allSettled(document.getAnimations().map(one => one.finished)))"
    )


def _run_axe(page: Page, rules: Any) -> list[str]:
    found = page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    return [f"{rule['id']}: {node['target']}" for rule in found["violations"] for node in rule["nodes"]]


def is_too_wide(page: Page) -> bool:
    """Whether the page can be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
