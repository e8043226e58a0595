"""The end of a contact and its hand-over without a mouse; nothing typed is lost."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from interactions.cases.choices import InteractionStatus, Outcome
from interactions.cases.models import Interaction, Message, Promise
from interactions.routing.models import Offer
from tests.e2e.driving import is_too_wide, settle, signed_in, violations, window
from tests.factories.customers import CustomerCentre, make_customer_centre
from tests.factories.desk import Hand, give_history, in_hand, make_hand

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def centre(transactional_db: None) -> CustomerCentre:
    cache.clear()
    return make_customer_centre()


@pytest.fixture
def hand(centre: CustomerCentre) -> Hand:
    made = make_hand(centre, InteractionStatus.WRAP_UP)
    give_history(centre, made)
    return made


def at(page: Page, contact: Interaction) -> Page:
    page.goto(f"/desk/{contact.public_id}/")
    expect(page.locator("#context .ctx-card").first).to_be_visible()
    return page


def test_a_late_answer_does_not_move_what_an_arrow_went_to(live_server, browser, centre, hand):
    page = at(window(browser, live_server.url, session=signed_in(centre.bob)), hand.contact)
    box = page.locator("#wrap-reason")
    expect(box).to_be_focused()
    page.keyboard.type("deliv")
    expect(page.locator("#reason-list [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", f"reason-{hand.late.public_id}")
    with page.expect_response("**/_reasons/**"):
        page.evaluate("htmx.trigger('#wrap-reason', 'find')")
    settle(page)
    expect(box).to_have_attribute("aria-activedescendant", f"reason-{hand.late.public_id}")

    # Replaced by the answer to something earlier, the panel goes on at the same word.
    page.evaluate("document.getElementById('reason-list').dataset.old = '1'; htmx.trigger('#wrap-up', 'ccx:refresh')")
    expect(page.locator("#reason-list:not([data-old])")).to_be_attached()
    expect(box).to_be_focused()
    expect(box).to_have_value("deliv")
    expect(page.locator("#reason-list [role=option]")).to_have_count(2)


def test_a_contact_is_wrapped_up_from_the_keyboard_and_nothing_typed_is_lost(live_server, browser, centre, hand):
    following = in_hand(centre, hand.customer, InteractionStatus.ACTIVE, case=hand.case)
    page = at(window(browser, live_server.url, session=signed_in(centre.bob)), hand.contact)
    box, chosen = page.locator("#wrap-reason"), page.locator("#wrap-up [data-chosen]")
    expect(box).to_be_focused()
    expect(box).to_have_value("Delivery › Delivery is late")

    # A digit takes a suggestion; typing finds any reason of the tree, arrows and Enter choose it.
    page.keyboard.press("2")
    expect(chosen).to_have_value(str(hand.wrong.public_id))
    expect(page.locator("[data-answer=is_resolved] input").first).to_be_focused()
    box.focus()
    page.keyboard.type("deliv")
    expect(page.locator("#reason-list [role=option]")).to_have_count(2)
    assert chosen.input_value() == ""
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", f"reason-{hand.late.public_id}")
    page.keyboard.press("Enter")
    expect(chosen).to_have_value(str(hand.late.public_id))
    expect(page.locator("#reason-list")).to_be_hidden()

    # Enter finishes; what is missing is said beside its field, and the focus goes there.
    page.locator("#wrap-next").fill("Send a voucher")
    page.keyboard.press("Enter")
    expect(page.locator("#is_resolved-error")).to_contain_text("Do not know")
    expect(page.locator("#wrap-next-at-error")).to_be_visible()
    expect(page.locator("#wrap-next")).to_have_value("Send a voucher")

    # News does not replace what somebody writes in, and a reload forgets nothing.
    page.locator("#wrap-next").focus()
    page.keyboard.press("End")
    page.keyboard.type(" today")
    page.evaluate("htmx.trigger('#wrap-up', 'live')")
    page.keyboard.type(" and call")
    expect(page.locator("#wrap-next")).to_have_value("Send a voucher today and call")
    at(page, hand.contact)
    expect(page.locator("#wrap-next")).to_have_value("Send a voucher today and call")
    expect(chosen).to_have_value(str(hand.late.public_id))
    page.locator("#wrap-next-at").fill("2027-03-01T10:00")
    page.locator("[data-answer=is_resolved] input[value=yes]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/{following.public_id}/")
    hand.contact.refresh_from_db()
    assert (hand.contact.outcome, hand.contact.reason, hand.contact.is_resolved) == (Outcome.HANDLED, hand.late, True)
    assert Promise.objects.filter(body="Send a voucher today and call").count() == 1
    # The browser notes the answer that brought the errors; nothing else is wrong.
    assert [said for said in page.complaints if "422" not in said] == []


def test_a_contact_is_handed_over_from_the_keyboard(live_server, browser, centre, hand):
    contact = in_hand(centre, hand.customer, InteractionStatus.ACTIVE, case=hand.case)
    page = at(window(browser, live_server.url, session=signed_in(centre.bob)), contact)

    # A card that was closed stays closed, here and on the next contact.
    page.locator("[data-card=cases] > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-card=cases]")).not_to_have_attribute("open", "")
    expect(page.locator("[data-card=cases] .ctx-line")).to_have_text("2 open cases")
    at(page, contact)
    expect(page.locator("[data-card=cases]")).not_to_have_attribute("open", "")

    # The dialog keeps the focus, Escape closes it, and the focus goes back.
    opener = page.locator("[data-keys=t]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#transfer-q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#transfer")).to_have_count(0)
    expect(opener).to_be_focused()

    page.keyboard.press("t")
    expect(page.locator("#transfer-q")).to_be_focused()
    page.keyboard.type("ali")
    expect(page.locator("#transfer-targets input")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".leave-says")).to_contain_text("Alice may not answer now.")
    expect(page.locator("#transfer [type=submit]")).to_have_text("Transfer to Alice")
    page.locator("#transfer-note").fill("She waits since Monday")
    page.locator("#transfer [type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: str(contact.public_id) not in url)
    assert Offer.objects.ringing().get(interaction=contact).agent == centre.alice
    assert Message.objects.get(body="She waits since Monday").is_note
    assert page.complaints == []


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_pane_panel_and_dialogs_are_accessible_and_fit(live_server, browser, centre, hand, theme, width):
    contact = in_hand(centre, hand.customer, InteractionStatus.ACTIVE, case=hand.case)
    page = window(browser, live_server.url, session=signed_in(centre.bob), width=width, theme=theme)
    for path, part in (
        (f"{contact.public_id}/_context/", "#context"),
        (f"{hand.contact.public_id}/_wrap_up/", "#wrap-up"),
        (f"{contact.public_id}/_transfer/", "#transfer"),
        (f"{contact.public_id}/_snooze/", "#snooze"),
    ):
        page.goto(f"/desk/{path}")
        expect(page.locator(part)).to_be_visible()
        assert not is_too_wide(page)
        page.evaluate("document.querySelectorAll('details').forEach(card => (card.open = true))")
        settle(page)  # cards that fill themselves: a part swapped away has no name for axe
        assert page.complaints == []
        assert violations(page) == []
        page.complaints.clear()
