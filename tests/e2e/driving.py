"""How tests drive the browser: open a page as somebody, and hear everything that is wrong with it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from ccx.kernel.models import User
from interactions.doors.webform.forms import SALT

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages live for seconds here: the compiler that makes a script fast in the long run costs more than it gives.
    "--js-flags=--no-turbofan",
]
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Milliseconds; a machine with much else to do is slow, and no test waits longer than it has to.
PATIENCE: Final = 30_000
expect.set_options(timeout=PATIENCE / 2)
COLOURS: Final = ["color-contrast"]
AXE: Final = (Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js", Path(__file__).with_name("axe.js"))

# Two frames and a moment: what is triggered by what came is asked for by then, and htmx has put it in its place.
BUSY: Final = """new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(
  document.readyState !== "complete" || document.fonts.status !== "loaded" ||
  document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling") !== null), 40))))"""


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
    """An empty page of a profile that nobody uses, with everything the browser complains about in `page.complaints`."""
    looks = (address, width, theme, sockets)
    kept = [context for context in browser.contexts if not context.pages and getattr(context, "looks", None) == looks]
    context = kept[0] if kept else _profile(browser, *looks)
    page = listened(context)
    if kept:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        devtools = context.new_cdp_session(page)
        devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        devtools.detach()
    if session:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
    return page


def _profile(browser: Browser, address: str, width: int, theme: Any, sockets: bool) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, base_url=address, reduced_motion="reduce"
    )
    context.looks = (address, width, theme, sockets)  # type: ignore[attr-defined]
    context.set_default_timeout(PATIENCE)
    if not sockets:
        # No socket process runs: the page's socket opens, says hello and nothing more.
        context.route_web_socket("**/ws/live", lambda socket: socket.send('{"me": ""}'))
    return context


def leave(context: BrowserContext) -> None:
    """After a test: a profile of `window` is emptied and keeps no more than the files it has loaded from us."""
    if not hasattr(context, "looks"):
        context.close()
        return
    for page in context.pages:
        page.close()
    context.unroute_all()
    context.set_offline(offline=False)
    context.clear_cookies()


def listened(context: BrowserContext) -> Page:
    """Another page of the profile."""
    page: Any = context.new_page()
    page.complaints = []
    page.under_way, page.asked = set(), 0
    page.on("console", lambda said: _is_complaint(said) and page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: _begin(page, request))
    for end in ("requestfinished", "requestfailed"):
        page.on(end, lambda request: page.under_way.discard(request))  # noqa: PLW0108 - it looks at the signature
    return page  # type: ignore[no-any-return]


# A font not drawn with in time tells of a busy machine. A request given up, for a newer one or because the page goes,
# is told with the last two of these; one that fails is told with another.
QUIET: Final = ("but not used within a few seconds", "htmx:sendAbort", "htmx:afterRequest")


def _is_complaint(said: ConsoleMessage) -> bool:
    return said.type in {"error", "warning"} and not any(words in said.text for words in QUIET)


def _begin(page: Any, request: Request) -> None:
    page.under_way.add(request)
    page.asked += 1


def opened(browser: Browser, address: str, **options: Any) -> Page:
    """The page at an address, opened in a fresh profile."""
    page = window(browser, address, **options)
    page.goto(address)
    return page


def settle(page: Any) -> None:
    """Wait until the page has all it asks for: nothing is under way, and a moment later it has asked for nothing more.

    Playwright's own "networkidle" would wait half a second longer, every time.
    """
    for _ in range(150):
        asked = page.asked
        is_busy = page.evaluate(BUSY)
        if not is_busy and not page.under_way and page.asked == asked:
            return
    raise AssertionError(f"Still under way: {[request.url for request in page.under_way]}")


def violations(page: Any) -> list[str]:
    """What axe finds, and what of its colours it finds once the person's theme changes: light and dark in one go.

    The page keeps on the other theme; what is looked at next is looked at in that one first, and so in both again.
    """
    found = look_at(page)
    own = page.evaluate("document.documentElement.dataset.bsTheme")
    _put_on(page, "light" if own == "dark" else "dark")
    return found + [f"in the other theme: {one}" for one in look_at(page, COLOURS)]


def look_at(page: Page, rules: list[str] = RULES) -> list[str]:
    """What axe finds on the page as it is."""
    if not page.evaluate("'look' in window"):
        devtools = page.context.new_cdp_session(page)  # the content policy refuses a script tag, as it should
        for script in AXE:
            devtools.send("Runtime.evaluate", {"expression": script.read_text(encoding="utf-8")})
        devtools.detach()
    return list(page.evaluate("rules => look(rules)", rules))


def _put_on(page: Page, theme: Any) -> None:
    """Change the person's theme and wait until the page wears it: the browser tells it between two frames."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.bsTheme === theme", arg=theme)
    # The admin's own pages fade their links whatever a person asked for.
    page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        ".then(() => Promise.allSettled(document.getAnimations().map(one => one.finished)))"
    )


def moments_pass(page: Page) -> None:
    """The form on the page was opened five seconds ago; who is faster than a person is asked to look it over."""
    ticket = page.locator("input[name=ticket]")
    told = signing.loads(ticket.input_value(), salt=SALT)
    with time_machine.travel(timezone.now() - timedelta(seconds=5), tick=False):
        earlier = signing.dumps(told, salt=SALT)
    ticket.evaluate("(field, ticket) => (field.value = ticket)", earlier)


def is_too_wide(page: Page) -> bool:
    """Whether the page can be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
