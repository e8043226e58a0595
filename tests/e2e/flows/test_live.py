"""A page stays true: nudged over its socket, by itself while that is cut, and whole again afterwards."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import team_topic, user_topic
from tests.e2e.driving import signed_in, window
from tests.factories.people import make_grant, make_team, make_user
from tests.kernel.live.wire import sockets_process

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# What a page of the desk has: an element that says what it shows and counts how often it was told to read again.
ELEMENT = """([id, topics, record]) => {
  const element = document.createElement("div");
  element.id = id;
  element.dataset.live = topics;
  if (record) element.dataset.viewing = record;
  element.innerHTML = "<textarea></textarea>";
  element.dataset.times = 0;
  element.addEventListener("live", () => element.dataset.times++);
  element.addEventListener("viewers", (event) => (element.dataset.viewers = JSON.stringify(event.detail)));
  document.getElementById("main").append(element);
}"""


def times(page: Page, element: str) -> int:
    return int(page.get_attribute(f"#{element}", "data-times") or 0)


def until(page: Page, element: str, number: int, seconds: float = 10) -> None:
    page.wait_for_function(
        "([id, number]) => document.getElementById(id).dataset.times >= number",
        arg=[element, number],
        timeout=seconds * 1000,
    )


def test_a_page_reads_again_when_nudged_and_after_its_socket_was_cut(
    browser: Browser, live_server: LiveServer, settings: Any
) -> None:
    team = make_team("Billing")
    ann = make_user("supervisor", team=team, name="Ann")
    make_grant(ann)
    teams, own = team_topic(team.public_id), user_topic(ann.public_id)
    with sockets_process() as (port, process):
        origin = f"ws://{urlsplit(live_server.url).hostname}:{port}"
        settings.SOCKETS_URL = f"{origin}/ws/"
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"] | {"connect-src": ["'self'", origin]}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
        page = window(browser, live_server.url, session=signed_in(ann), sockets=True)
        page.goto(reverse("home"))
        expect(page.locator("html")).to_have_attribute("data-connection", "on")
        assert page.complaints == []  # type: ignore[attr-defined]
        page.evaluate(ELEMENT, ["team", teams, ""])
        page.evaluate(ELEMENT, ["own", f"{own} {teams}", ""])
        page.wait_for_timeout(2500)  # a process that has just begun to hear tells everyone to read again
        team_before, own_before = times(page, "team"), times(page, "own")

        nudge(own)
        until(page, "own", own_before + 1)
        assert times(page, "team") == team_before
        for _ in range(5):
            nudge(teams)
        until(page, "team", team_before + 1)
        page.wait_for_timeout(1500)
        assert times(page, "team") == team_before + 2
        assert page.complaints == []  # type: ignore[attr-defined]

        before = times(page, "team")
        process.kill()
        expect(page.locator("html")).to_have_attribute("data-connection", "lost")
        until(page, "team", before + 1, seconds=25)  # it asks by itself
        expect(page.locator("#connection")).to_be_hidden()  # pages are served all the same
    before = times(page, "team")
    with sockets_process(port=port):
        expect(page.locator("html")).to_have_attribute("data-connection", "on", timeout=20_000)
        until(page, "team", before + 1)
