"""A call at the desk, by keyboard: it rings, is answered, held, handed over after a word, hung up and wrapped up.

No provider can be reached from here: its network is tests/stand_ins/phone_company.py, its browser SDK a module with
the same interface (tests/e2e/fake_phone.js). That the real SDK loads under our content policy is looked at by itself.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from ccx.kernel.models import User
from interactions.calls.models import CallState
from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import Channel
from interactions.handling.models import PresenceState
from interactions.handling.services import set_presence
from interactions.models import ContactReason, Offer
from tests.e2e.driving import signed_in, violations, window
from tests.factories.contacts import Centre
from tests.factories.live_desk import Desk, make_desk, ring
from tests.factories.telephones import CALLER, a_line, the_call, workers
from tests.stand_ins.phone_company import PhoneCompany
from tests.stand_ins.phone_orders import Leg

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
FAKE = Path(__file__).parents[1] / "fake_phone.js"
MICROPHONE = """navigator.mediaDevices.getUserMedia = async () => {
  if (window.localStorage.getItem("refuse")) throw new DOMException("", "NotAllowedError");
  return { getTracks: () => [] };
};"""


@pytest.fixture
def company(transactional_db: None) -> Iterator[PhoneCompany]:
    company = PhoneCompany(timezone.now())
    company.clock = time_machine.travel(timezone.now(), tick=True)
    with company:
        yield company


@pytest.fixture
def desk(company: PhoneCompany) -> Desk:
    ContactReason.objects.create(code="late", name="Late delivery")
    desk = make_desk()
    line = desk.inboxes[Channel.VOICE]
    centre = SimpleNamespace(voice=line)
    told = {"recording": "always", "consent": "This call is recorded."}
    desk.inboxes[Channel.VOICE] = a_line(company, cast("Centre", centre), **told)
    for agent in (desk.bob, desk.dina):
        set_presence(agent=agent, state=PresenceState.AVAILABLE, by=agent)
    return desk


def at_the_desk(browser: Browser, url: str, agent: User, *, sdk: str = "fake", **options: Any) -> Page:
    page = window(browser, url, session=signed_in(agent), **options)
    page.add_init_script(MICROPHONE)
    if sdk == "fake":
        page.route("**/vendor/twilio/*.js", lambda route: route.fulfill(path=FAKE, content_type="text/javascript"))
    return page


def look_again(page: Page) -> None:
    """What a nudge would do."""
    with page.expect_response("**/_header/"):
        page.evaluate("document.dispatchEvent(new CustomEvent('ccx:contact'))")


def rings(page: Page, company: PhoneCompany, agent: User) -> Leg:
    """The company dials the agent's browser."""
    workers(company)
    leg = company.ringing(f"client:agent-{agent.public_id.hex}")
    call = the_call()
    assert call.interaction is not None
    told = {"interaction": str(call.interaction.public_id), "call": str(call.public_id)}
    page.evaluate("(told) => window.fakePhone.ring(told)", told)
    return leg


def pick_up(company: PhoneCompany, leg: Leg) -> None:
    company.pick_up(leg)
    workers(company)


def test_a_call_is_taken_held_handed_over_after_a_word_and_wrapped_up_without_a_mouse(  # noqa: PLR0915 - a story
    live_server: LiveServer, browser: Browser, company: PhoneCompany, desk: Desk
) -> None:
    company.call(CALLER, desk.inboxes[Channel.VOICE])
    workers(company)
    contact = the_call().interaction
    assert contact is not None
    if not Offer.objects.ringing().exists():
        ring(contact, desk.bob)
    bob = at_the_desk(browser, live_server.url, desk.bob)
    bob.goto("/desk/")
    expect(bob.locator("[data-phone-words]")).to_have_text("Phone ready")
    bob.keyboard.press("a")
    bar = bob.locator("#call-bar")
    expect(bar).to_be_visible()
    leg = rings(bob, company, desk.bob)
    # Accepted at this desk, it is answered by itself.
    expect(bob.locator("[data-phone-words]")).to_have_text("In a call")
    assert bob.evaluate("window.fakePhone.call.isOpen")
    pick_up(company, leg)
    look_again(bob)
    expect(bar).to_contain_text("Talking")
    expect(bar).to_contain_text("Recording")

    bob.keyboard.press("m")
    expect(bob.locator("[data-phone-mute]")).to_have_attribute("aria-pressed", "true")
    bob.keyboard.press("m")
    bob.keyboard.press("p")
    bob.get_by_role("button", name="5", exact=True).press("Enter")
    expect(bob.locator("[data-phone-sent]")).to_have_text("5")
    assert bob.evaluate("window.fakePhone.call.digits") == "5"
    assert violations(bob) == []
    bob.keyboard.press("Escape")
    with bob.expect_response("**/hold/"):
        bob.keyboard.press("h")
    expect(bob.get_by_role("button", name="Resume")).to_be_visible()
    workers(company)
    look_again(bob)
    expect(bar).to_contain_text("On hold")
    with bob.expect_response("**/resume/"):
        bob.keyboard.press("h")
    expect(bob.get_by_role("button", name="Hold")).to_be_visible()
    workers(company)
    look_again(bob)
    expect(bar).to_contain_text("Talking")

    dina = at_the_desk(browser, live_server.url, desk.dina)
    dina.goto("/desk/")
    expect(dina.locator("[data-phone-words]")).to_have_text("Phone ready")
    bob.keyboard.press("q")
    expect(bob.locator("#consult")).to_be_visible()
    assert violations(bob) == []
    bob.keyboard.type("Dina")
    expect(bob.locator("#consult .leave-target")).to_have_count(1)
    bob.keyboard.press("ArrowDown")
    bob.keyboard.press("Enter")
    expect(bob.locator("#consult")).to_have_count(0)
    workers(company)
    asked = rings(dina, company, desk.dina)
    expect(dina.locator("[data-phone-incoming]")).to_be_visible()
    dina.keyboard.press("a")
    expect(dina.locator("[data-phone-words]")).to_have_text("In a call")
    pick_up(company, asked)
    look_again(bob)
    expect(bar).to_contain_text("You talk with Dina Duval, the customer waits")
    assert violations(bob) == []
    with bob.expect_response("**/call/complete/"):
        bob.keyboard.press("t")
    expect(bar.locator(".call-end")).to_have_count(0)
    workers(company)
    bob.evaluate("window.fakePhone.call.disconnect()")
    expect(bob.locator("[data-phone-words]")).to_have_text("Phone ready")
    contact.refresh_from_db()
    assert contact.agent == desk.dina

    dina.evaluate(
        "(path) => htmx.ajax('GET', path, {target: '#desk-open', swap: 'outerHTML'})", f"/desk/{contact.public_id}/"
    )
    expect(dina.locator("#call-bar")).to_contain_text("Talking")
    with dina.expect_response("**/call/hang-up/"):
        dina.keyboard.press("x")
    workers(company)
    dina.evaluate("window.fakePhone.call.disconnect()")
    look_again(dina)
    expect(dina.locator("#call-bar")).to_contain_text("Call ended")
    contact.refresh_from_db()
    assert (contact.status, the_call().state) == (InteractionStatus.WRAP_UP, CallState.ENDED)
    expect(dina.locator("#wrap-reason")).to_be_focused()
    assert [page.complaints for page in (bob, dina)] == [[], []]  # type: ignore[attr-defined]


def test_a_refused_microphone_is_said_and_the_real_telephone_loads_under_our_policy(
    live_server: LiveServer, browser: Browser, desk: Desk
) -> None:
    set_presence(agent=desk.bob, state=PresenceState.OFFLINE, by=desk.bob)
    page = at_the_desk(browser, live_server.url, desk.bob)
    page.goto("/desk/")
    page.evaluate("localStorage.setItem('refuse', '1')")
    page.get_by_role("button", name="Go available").click()
    expect(page.locator("[data-phone-words]")).to_have_text("No microphone")
    expect(page.locator("[data-phone-trouble]")).to_contain_text("Allow it beside the address of the page")
    assert violations(page) == []
    page.evaluate("localStorage.removeItem('refuse')")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-phone-words]")).to_have_text("Phone ready")

    real = at_the_desk(browser, live_server.url, desk.bob, sdk="real")
    real.goto("/desk/")
    real.wait_for_function("Boolean(window.Twilio?.Device)")
    # The provider itself is out of reach: the telephone says so.
    expect(real.locator("[data-phone-words]")).to_have_text("Phone lost", timeout=20_000)
    assert [said for said in real.complaints if "Content Security" in said] == []  # type: ignore[attr-defined]
