"""In a real browser: no accessibility or content policy violation, no sideways scrolling, keyboard and themes."""

import pytest

from ccx.kernel.people.choices import Role
from ccx.kernel.people.models import User
from tests.e2e.driving import COLOURS, look_at, opened, signed_in, violations

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def session() -> str:
    """The cookie of an administrator, who sees the style page."""
    alice = User.objects.create_user("alice@example.org", name="Alice", role=Role.ADMINISTRATOR)
    return signed_in(alice)


def test_the_style_page_is_accessible_fits_and_breaks_no_policy(live_server, browser, session):
    page = opened(browser, f"{live_server.url}/styleguide/", session=session)
    page.wait_for_selector("#panel-channels .chart canvas")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.complaints == []
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_pale_words_among_many_alike_are_found_whoever_comes_first(live_server, browser):
    page = opened(browser, f"{live_server.url}/accounts/login/")
    page.evaluate("""() => {
      const words = Array.from({ length: 50 }, () => document.createElement("p"));
      document.querySelector("main").append(...words);
      for (const word of words) word.textContent = "Word";
      for (const number of [30, 31, 32, 33, 34, 35]) words[number].style.color = "#999";
      words[30].textContent = "–"; // axe does not judge these two
      words[31].setAttribute("aria-disabled", "true");
    }""")
    found = look_at(page, COLOURS)
    # The first, the middle and the last of those that look alike.
    assert len(found) == 3, found
    for told in found:
        assert told.startswith("color-contrast: p"), told
        assert 'style="color: rgb(153, 153, 153);">Word' in told


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
