"""A chat of a visitor on a site of another origin, with a whole centre at work behind it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from interactions.channels.choices import Channel
from interactions.models import Inbox, Interaction
from tests.e2e.centre import Centre, running_centre
from tests.e2e.driving import listened, signed_in, window
from tests.e2e.sites import a_site
from tests.factories.showcase import Showcase, make_showcase

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
VISITOR = "maria@customer.example"


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Showcase]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, kernel_loghead")
    made = make_showcase(contacts=40, days=4)
    mail = made.inboxes[Channel.EMAIL]
    Inbox.objects.filter(pk=mail.pk).update(address="help@shop.example")
    Inbox.objects.filter(pk=made.inboxes[Channel.CHAT].pk).update(reply_inbox=mail)
    yield made
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, kernel_loghead")


@pytest.fixture
def centre(shop: Showcase) -> Iterator[Centre]:
    with running_centre(CCX_UNDO_SECONDS="1") as running:
        yield running


@pytest.fixture
def site(shop: Showcase, centre: Centre) -> Iterator[str]:
    """A shop that may embed the chat."""
    line = shop.inboxes[Channel.CHAT]
    sockets = f"ws://{urlsplit(centre.address).hostname}:{centre.plan.sockets_port}"
    with a_site(centre=centre.address, sockets=sockets, inbox=str(line.public_id)) as address:
        Inbox.objects.filter(pk=line.pk).update(
            settings={"origins": [address], "title": "Lamps", "wants_email": "offline"}
        )
        yield address


def test_a_chat_goes_on_over_a_reload_by_mail_and_on_another_device(
    shop: Showcase, centre: Centre, site: str, browser: Browser
) -> None:
    bob = window(browser, centre.address, session=signed_in(shop.people["Bob"]), sockets=True)
    goes_available(bob)
    visitor = arrives(browser, site)
    asks_and_reloads(visitor)
    chat = is_answered(bob, visitor)
    assert chat.channel == Channel.CHAT


def goes_available(desk: Page) -> None:
    desk.goto("/desk/")
    expect(desk.locator("html[data-connection=on]")).to_be_attached(timeout=20_000)
    desk.locator("#presence summary").click()
    desk.get_by_role("button", name="Available", exact=True).click()
    expect(desk.locator("#presence .presence-available").first).to_be_attached()


def arrives(browser: Browser, address: str) -> Page:
    """Somebody on the site, in a browser that was never there."""
    context = browser.new_context(viewport={"width": 1100, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = listened(context)
    page.goto(address)
    return page


def asks_and_reloads(visitor: Page) -> None:
    visitor.get_by_role("button", name="Open the chat").click()
    visitor.get_by_label("Write a message").fill("Where is my lamp?")
    visitor.keyboard.press("Enter")
    expect(visitor.locator(".from-visitor .meta")).to_contain_text("Sent")
    visitor.get_by_label("Write a message").fill("It was due on")
    visitor.reload()
    expect(visitor.locator(".from-visitor .bubble")).to_have_text("Where is my lamp?")
    expect(visitor.get_by_label("Write a message")).to_have_value("It was due on")


def is_answered(bob: Page, visitor: Page) -> Interaction:
    bob.locator("[data-accept]").first.click(timeout=30_000)
    expect(bob.locator("#desk-thread")).to_contain_text("Where is my lamp?", timeout=20_000)
    expect(visitor.get_by_role("heading", name="Bob Brown")).to_be_visible(timeout=20_000)
    bob.locator("#desk-text").fill("On its way, Maria.")
    bob.locator("#desk-text").press("Control+Enter")
    expect(visitor.locator(".from-agent .bubble").last).to_have_text("On its way, Maria.", timeout=20_000)
    visitor.get_by_label("Write a message").fill("Thank you!")
    visitor.keyboard.press("Enter")
    expect(bob.locator(".say-customer").last).to_contain_text("Thank you!", timeout=20_000)
    return Interaction.objects.get(channel=Channel.CHAT, closed_at=None)
