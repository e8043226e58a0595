"""A customer with a phone and twenty seconds, without our scripts."""

from datetime import timedelta
from secrets import token_urlsafe

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from feedback.models import Invitation, Response
from tests.e2e.driving import is_too_wide, violations, window
from tests.factories.customers import make_customer_centre
from tests.factories.surveys import a_customer, a_link, a_survey

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_customer_answers_on_a_phone_and_changes_the_answer(live_server, browser, theme):
    centre = make_customer_centre()
    a_survey(centre)
    _invitation, secret = a_link(centre, a_customer("Uwe", language="de"))
    page = window(browser, live_server.url, width=360, theme=theme)

    # The link of a score in the mail chooses, and records nothing.
    page.goto(f"/s/{secret}/?csat=2")
    assert page.locator("input[name=csat][value='2']").is_checked()
    assert not Response.objects.exists()
    assert page.complaints == []
    assert violations(page) == []
    assert not is_too_wide(page)
    small = page.eval_on_selector_all(
        ".score, .survey-send, .survey-foot a",
        "all => all.map(one => one.getBoundingClientRect()).filter(box => box.width < 44 || box.height < 44).length",
    )
    assert small == 0

    # By keyboard: each question is one stop, arrows move within it.
    page.locator("input[name=csat][value='2']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("input[name=csat][value='3']").is_checked()
    assert page.locator("input[name=ces][value='1']").is_checked()

    page.get_by_role("group", name="Ist Ihr Anliegen gelöst?").get_by_role("radio", name="Nein").check()
    page.get_by_label("Möchten Sie uns noch etwas sagen?").fill("Es kam nie an.")
    page.get_by_role("button", name="Meine Antwort senden").click()
    expect(page.get_by_role("heading", name="Danke")).to_be_visible()
    assert Response.objects.values_list("csat", "ces", "is_resolved", "comment").get() == (
        3,
        1,
        False,
        "Es kam nie an.",
    )
    assert violations(page) == []

    page.get_by_text("Meine Antwort ändern").click()
    page.get_by_role("group", name="Wie zufrieden").get_by_role("radio", name="5").check()
    page.get_by_role("button", name="Geänderte Antwort senden").click()
    expect(page.get_by_role("heading", name="Danke")).to_be_visible()
    assert Response.objects.values_list("csat", "comment").get() == (5, "Es kam nie an.")

    page.get_by_role("link", name="Bitte fragen Sie mich nicht mehr").click()
    assert violations(page) == []
    page.get_by_role("button", name="Nicht mehr fragen").click()
    expect(page.get_by_role("heading", name="Keine Fragen mehr")).to_be_visible()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    for address, status in ((f"/s/{secret}/", 410), (f"/s/{token_urlsafe(32)}/", 404)):
        page.complaints.clear()
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == status
        assert violations(page) == []
