"""Whole stories, as people live them in a browser."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import Team
from interactions.cases.choices import Outcome
from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact, Past
from interactions.intake.services import receive_many
from interactions.models import Interaction
from tests.e2e.driving import is_too_wide, moments_pass, signed_in, violations, window
from tests.factories.people import PASSWORD
from tests.factories.showcase import Showcase

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
NEW_PASSWORD = "seven brown foxes at noon"


def set_password(page: Page, link: str) -> None:
    """Follow an invitation; its host is the installation's, the test's server has another."""
    page.goto(re.sub(r"^https?://[^/]+", "", link))
    page.fill("input[name=password1]", NEW_PASSWORD)
    page.fill("input[name=password2]", NEW_PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/accounts/login/**")


def sign_in(page: Page, email: str, password: str = NEW_PASSWORD) -> None:
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")


def send_after_the_shift(page: Page, path: str, email: str) -> None:
    """Save when the session is over, and sign in again: one is back on the same page."""
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/accounts/login/?next={path}")
    sign_in(page, email)
    page.wait_for_url(f"**{path}")


def sign_out(page: Page) -> None:
    page.click(".rail-menu > summary")
    page.click("form[action*=logout] button")
    page.wait_for_url("**/accounts/login/**")


def figure(page: Page, key: str) -> int:
    """The whole number on a tile."""
    text = page.locator(f"#tile-{key} .tile-value").inner_text()
    return int(re.sub(r"\D", "", text))


def contacts_of(centre: Showcase, team: Team, number: int) -> None:
    """So many contacts of a team yesterday, handled in two minutes."""
    started = timezone.now() - timedelta(days=1)
    inbox = centre.inboxes[Channel.EMAIL]
    receive_many(
        contacts=[
            InboundContact(
                inbox_id=inbox.pk,
                channel=inbox.channel,
                external_id=f"{team.pk}-{one}",
                occurred_at=started,
                team_id=team.pk,
                past=Past(outcome=Outcome.HANDLED, closed_at=started + timedelta(minutes=2)),
            )
            for one in range(number)
        ],
        by_id=None,
        mode="history",
    )
    pump_everything()


def test_from_the_first_link_to_a_supervisor_who_sees_only_their_team(live_server, browser, showcase):
    printed = StringIO()
    call_command("createadmin", "grace@example.org", name="Grace", stdout=printed)
    page = window(browser, live_server.url)
    link = re.search(r"https?://\S+", printed.getvalue())
    assert link is not None
    set_password(page, link[0])
    sign_in(page, "grace@example.org")
    page.wait_for_url("**/desk/")

    page.click(".rail-settings > summary")
    page.click(".rail-nav a[href='/settings/teams/']")
    page.get_by_role("link", name="Add a team").click()
    page.get_by_label("Name").fill("Returns")
    send_after_the_shift(page, "/settings/teams/add/", "grace@example.org")
    expect(page.get_by_label("Name")).to_have_value("Returns")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Returns")).to_be_visible()

    page.goto("/settings/people/add/")
    page.get_by_label("Name").fill("Sam Supervisor")
    page.get_by_label("E-mail").fill("sam@example.org")
    page.get_by_label("Role").select_option("supervisor")
    page.get_by_label("Team").select_option(label="Returns")
    page.get_by_role("button", name="Add and invite").click()
    invitation = page.input_value("#invite-link")
    page.get_by_role("link", name="Go to Sam Supervisor").click()
    page.get_by_label("May see the contacts of").select_option(label="Returns")
    page.get_by_role("button", name="Grant", exact=True).click()
    expect(page.locator(".grants")).to_contain_text("Returns")
    contacts_of(showcase, Team.objects.get(name="Returns"), 3)
    page.goto("/dashboards/")
    everything = figure(page, "contacts")
    sign_out(page)

    other = window(browser, live_server.url)
    set_password(other, invitation)
    sign_in(other, "sam@example.org")
    other.click(".rail-nav a[href='/dashboards/']")
    expect(other.locator("#tile-contacts")).to_be_visible()
    assert (figure(other, "contacts"), everything > 3) == (3, True)
    assert other.locator(".rail-nav a[href^='/settings/']").count() == 0
    assert page.complaints + other.complaints == []


def test_from_a_figure_to_its_rows_to_a_customer_who_is_merged_and_parted_again(live_server, browser, showcase):
    page = window(browser, live_server.url, session=signed_in(showcase.people["Alice"]))
    page.goto("/dashboards/")
    everything = figure(page, "contacts")
    page.select_option("select[name=channel]", "email")
    page.wait_for_url("**channel=email**")
    by_email = figure(page, "contacts")
    assert 0 < by_email < everything
    page.reload()
    assert figure(page, "contacts") == by_email

    page.click("#tile-contacts .tile-link")
    page.wait_for_url("**/dashboards/rows/**")
    assert f"{by_email} contacts" in page.locator(".page-subtitle").inner_text()
    rows = page.locator(".rows-list tbody tr")
    counted = rows.count()
    while page.locator("a[rel=next]").count():
        page.click("a[rel=next]")
        page.wait_for_load_state()
        counted += rows.count()
    assert counted == by_email

    page.locator(".rows-list tbody th a").first.click()
    page.wait_for_url("**/interactions/**")
    expect(page.get_by_role("heading", name="What was said")).to_be_visible()
    expect(page.locator(".message-note")).to_contain_text("Only we see this")

    merge_and_undo(page, showcase)
    assert page.complaints == []


def merge_and_undo(page: Page, centre: Showcase) -> None:
    """From one Ann to the other, together, and apart again."""
    ann, other = centre.customer("Ann Lee"), centre.customer("Ann M. Lee")
    before = {row.pk: row.interactions.count() for row in (ann, other)}
    page.goto(reverse("interactions:customer", args=[ann.public_id]))
    page.get_by_role("link", name="Merge with another").click()
    page.get_by_role("searchbox").fill("Ann M")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Ann M. Lee").click()
    expect(page.get_by_role("alert")).to_contain_text("Their names differ")
    page.get_by_role("button", name="Merge the two").click()
    expect(page.get_by_text("Merged into this customer")).to_be_visible()
    assert Interaction.objects.filter(customer=ann).count() == sum(before.values())
    page.get_by_role("button", name="Undo this merge").click()
    expect(page.get_by_text("Merged into this customer")).to_have_count(0)
    assert {row.pk: row.interactions.count() for row in (ann, other)} == before


def test_five_failures_lock_the_pair_of_person_and_place_and_say_so(live_server, browser, showcase):
    page = window(browser, live_server.url)
    for _attempt in range(5):
        page.goto("/accounts/login/")
        sign_in(page, "bob@example.org", "not the password")
        page.wait_for_load_state()
    page.goto("/accounts/login/")
    sign_in(page, "bob@example.org", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Locked for a while")
    expect(page.locator("main")).to_contain_text("Wait fifteen minutes, or reset your password.")
    assert violations(page) == []

    page.get_by_role("link", name="Go to sign in").click()
    sign_in(page, "alice@example.org", PASSWORD)
    page.wait_for_url("**/desk/")


def test_a_customer_writes_on_a_phone_and_shows_up_in_list_and_figures(live_server, browser, showcase):
    desk = window(browser, live_server.url, session=signed_in(showcase.people["Ada"]))
    today: Any = "/dashboards/?period=today"
    contacts_of(showcase, showcase.teams["Billing"], 1)  # yesterday's; today's figure must not move by it
    desk.goto(today)
    before = figure(desk, "contacts") if desk.locator("#tile-contacts .tile-value").count() else 0

    phone = window(browser, live_server.url, width=360)
    phone.goto("/forms/contact/")
    phone.get_by_label("E-mail").fill("quincy@example.net")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("alert").first).to_contain_text("Nothing was sent yet")
    assert violations(phone) == []
    assert not is_too_wide(phone)
    assert phone.get_by_label("E-mail").input_value() == "quincy@example.net"
    phone.get_by_label("Your name").fill("Quincy Quill")
    phone.get_by_label("What is it about?").fill("The lamp flickers.")
    moments_pass(phone)
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you")
    pump_everything()

    desk.goto("/customers/?q=quincy")
    expect(desk.locator("#customer-rows tbody tr")).to_have_count(1)
    desk.locator("#customer-rows tbody a").click()
    expect(desk.locator(".timeline")).to_contain_text("The lamp flickers.")
    desk.goto(today)
    assert figure(desk, "contacts") == before + 1


def test_everything_is_reached_with_the_keyboard_alone(live_server, browser, showcase):
    page = window(browser, live_server.url, session=signed_in(showcase.people["Alice"]))
    page.goto("/customers/")
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _step in range(3):
        press("Tab")
    expect(page.get_by_role("region", name="Customers found")).to_be_focused()
    press("Tab")
    assert page.evaluate("document.activeElement.closest('tbody') !== null")

    press("Control+k")
    expect(page.locator(".palette-input")).to_be_focused()
    page.keyboard.type("dash")
    press("Enter")
    page.wait_for_url("**/dashboards/")
    page.locator("select[name=channel]").focus()
    page.keyboard.type("E-mail")
    page.wait_for_url("**channel=email**")

    press("Control+k")
    page.keyboard.type("sign out")
    press("Enter")
    page.wait_for_url("**/accounts/login/**")
    page.goto("/dashboards/")
    page.wait_for_url("**/accounts/login/**")
