"""A chat of a visitor on a site of another origin, with a whole centre at work behind it."""

import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db.models import F
from playwright.sync_api import Browser, Page, expect

from interactions.channels.choices import Channel
from interactions.doors.models import ChatDevice, ChatVisitor
from interactions.handling.models import Sending
from interactions.models import Inbox, Interaction, Message
from tests.e2e.centre import Centre, eventually, running_centre
from tests.e2e.chat_stand_in import DOT
from tests.e2e.driving import listened, signed_in, window
from tests.e2e.sites import a_site
from tests.factories.showcase import Showcase, make_showcase

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
VISITOR = "maria@customer.example"


@pytest.fixture
def shop(transactional_db: None) -> Showcase:
    made = make_showcase(contacts=40, days=4)
    mail = made.inboxes[Channel.EMAIL]
    Inbox.objects.filter(pk=mail.pk).update(address="help@shop.example")
    Inbox.objects.filter(pk=made.inboxes[Channel.CHAT].pk).update(reply_inbox=mail)
    return made


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
    shows_nothing_on_a_site_that_is_not_named(browser, site.replace("127.0.0.1", "localhost"))
    visitor = arrives(browser, site)
    asks_and_reloads(visitor)
    chat = is_answered(bob, visitor)
    leaves_with_an_address(visitor)
    mail = gets_the_answer_by_mail(bob, centre)
    answers_by_mail(bob, centre, mail)
    comes_back_on_a_phone(bob, browser, link_in(mail))
    assert (
        Interaction.objects.filter(case_id=chat.case_id).exclude(channel__in=[Channel.CHAT, Channel.EMAIL]).count() == 0
    )


def goes_available(desk: Page) -> None:
    desk.goto("/desk/")
    expect(desk.locator("html[data-connection=on]")).to_be_attached(timeout=20_000)
    desk.locator("#presence summary").click()
    desk.get_by_role("button", name="Available", exact=True).click()
    expect(desk.locator("#presence .presence-available").first).to_be_attached()


def arrives(browser: Browser, address: str, *, width: int = 1100) -> Page:
    """Somebody on the site, in a browser that was never there."""
    context = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = listened(context)
    page.goto(address)
    return page


def shows_nothing_on_a_site_that_is_not_named(browser: Browser, address: str) -> None:
    page = listened(browser.new_context())
    with page.expect_console_message(lambda said: f"the inbox does not name {address}" in said.text, timeout=15_000):
        page.goto(address)
    expect(page.locator("ccx-chat")).to_have_count(0)
    page.context.close()


def asks_and_reloads(visitor: Page) -> None:
    visitor.get_by_role("button", name="Open the chat").click()
    visitor.get_by_label("Write a message").fill("Where is my lamp?")
    picture = {"name": "receipt.png", "mimeType": "image/png", "buffer": b64decode(DOT)}
    visitor.locator("input[type=file]").set_input_files([picture])  # type: ignore[list-item]
    expect(visitor.locator(".chip.is-ready")).to_be_visible()
    visitor.get_by_role("button", name="Send", exact=True).click()
    expect(visitor.locator(".from-visitor .meta")).to_contain_text("Sent")
    expect(visitor.get_by_role("img", name="Picture receipt.png")).to_be_visible()
    visitor.get_by_label("Write a message").fill("It was due on")
    visitor.reload()
    expect(visitor.locator(".from-visitor .bubble")).to_have_text("Where is my lamp?")
    expect(visitor.get_by_label("Write a message")).to_have_value("It was due on")


def is_answered(bob: Page, visitor: Page) -> Interaction:
    bob.locator("[data-accept]").first.click(timeout=30_000)
    expect(bob.locator("#desk-thread")).to_contain_text("Where is my lamp?", timeout=20_000)
    expect(visitor.get_by_role("heading", name="Bob Brown")).to_be_visible(timeout=20_000)
    bob.locator("#desk-text").press_sequentially("On its way, Maria.")
    expect(visitor.locator(".dots")).to_be_visible()
    bob.locator("#desk-text").press("Control+Enter")
    expect(visitor.locator(".from-agent .bubble").last).to_have_text("On its way, Maria.", timeout=20_000)
    visitor.get_by_label("Write a message").fill("Thank you!")
    visitor.keyboard.press("Enter")
    expect(bob.locator(".say-customer").last).to_contain_text("Thank you!", timeout=20_000)
    return Interaction.objects.get(channel=Channel.CHAT, closed_at=None)


def leaves_with_an_address(visitor: Page) -> None:
    visitor.get_by_role("button", name="More").click()
    visitor.get_by_role("button", name="Get answers by e-mail").click()
    visitor.get_by_label("E-mail").fill(VISITOR)
    visitor.get_by_role("button", name="Save").click()
    expect(visitor.get_by_text(f"the answer comes to {VISITOR} too").first).to_be_visible()
    # Its socket closed and nothing of it was complained about.
    assert visitor.complaints == []  # type: ignore[attr-defined]
    visitor.context.close()


def gets_the_answer_by_mail(bob: Page, centre: Centre) -> EmailMessage:
    bob.locator("#desk-text").fill("It comes on Friday between two and four.")
    bob.locator("#desk-text").press("Control+Enter")
    sent = Sending.objects.filter(message__body__contains="on Friday", sent_at__isnull=False)
    eventually(sent.exists, "the answer in the chat")
    minutes_pass()
    mail = centre.mailbox.next_to(VISITOR)
    text = words_of(mail)
    assert "It comes on Friday between two and four." in text
    # What the visitor saw while they were there is not repeated to an address that nobody has proved.
    assert "On its way" not in text
    return mail


def answers_by_mail(bob: Page, centre: Centre, mail: EmailMessage) -> None:
    answer = EmailMessage()
    answer["From"] = f"Maria Muster <{VISITOR}>"
    answer["To"] = str(mail["Reply-To"] or mail["From"])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["Message-ID"] = "<answer-1@customer.example>"
    answer["In-Reply-To"] = answer["References"] = str(mail["Message-ID"])
    answer.set_content("Friday is fine, I am at home.")
    subprocess.run(
        [sys.executable, "manage.py", "receive_mail", "--inbox", "help@shop.example"],
        input=answer.as_bytes(),
        env=centre.environment,
        cwd=settings.BASE_DIR,
        check=True,
        timeout=60,
    )
    expect(bob.locator("#desk-thread")).to_contain_text("Friday is fine", timeout=20_000)


def comes_back_on_a_phone(bob: Page, browser: Browser, link: str) -> None:
    phone = arrives(browser, link, width=390)
    bubbles = phone.locator(".scroll .bubble")
    expect(phone.get_by_role("dialog")).to_be_visible()
    for words in ("Where is my lamp?", "On its way, Maria.", "It comes on Friday between two and four."):
        expect(bubbles.filter(has_text=words)).to_have_count(1)
    assert "ccx-chat" not in phone.url
    phone.get_by_label("Write a message").fill("I am here again.")
    phone.keyboard.press("Enter")
    expect(bob.locator(".say-customer").last).to_contain_text("I am here again.", timeout=20_000)
    # The link was good once.
    other = arrives(browser, link, width=390)
    expect(other.get_by_text("This link was used already or has expired.")).to_be_visible()
    expect(other.locator(".scroll .bubble").filter(has_text="Where is my lamp?")).to_have_count(0)


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http\S+#ccx-chat=[\w.-]{22,}", words_of(mail))
    assert found is not None
    return found[0]


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def minutes_pass() -> None:
    """Five of them, for everything that was said and for when the visitor was last seen."""
    by = timedelta(minutes=5)
    ChatVisitor.objects.update(seen_at=F("seen_at") - by, shown_up_to=F("shown_up_to") - by.total_seconds() * 1e6)
    ChatDevice.objects.update(seen_at=F("seen_at") - by)
    Sending.objects.update(sent_at=F("sent_at") - by)
    Message.objects.update(recorded_at=F("recorded_at") - by)
