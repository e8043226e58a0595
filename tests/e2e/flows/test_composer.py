"""The composer as agents live it: what fits is known before it is sent, another channel, files, and lines that fail."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from ccx.kernel.events.effects import TemporaryEffectError
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox, LineHealth
from interactions.customers.models import Consent, Identity, Preference
from interactions.handling import outgoing
from interactions.models import Attachment, Draft, DraftFile, Interaction, Message, Sending
from tests.e2e.centre import eventually
from tests.e2e.driving import is_too_wide, signed_in, violations, window
from tests.factories.lines import PretendLine, pretend_lines
from tests.factories.live_desk import Desk, make_desk, make_mine

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNkYPhfz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"
)
# As a browser does it when somebody pastes a picture from the clipboard.
PASTE = """([box, bytes]) => {
  const data = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  data.items.add(new File([content], "image.png", { type: "image/png" }));
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def lines() -> Iterator[dict[Channel, PretendLine]]:
    with pretend_lines() as pretended:
        yield pretended


@pytest.fixture
def desk(transactional_db: None, lines: dict[Channel, PretendLine]) -> Desk:
    return make_desk()


def with_whatsapp(desk: Desk) -> tuple[Interaction, Inbox]:
    """Ann wrote a mail; she prefers WhatsApp and agreed to it, and claims another mail address."""
    line = Inbox.objects.create(name="WhatsApp of the shop", channel=Channel.WHATSAPP)
    contact = make_mine(desk, desk.bob, "Ann Archer")
    ann = contact.customer
    assert ann is not None
    Identity.objects.create(customer=ann, kind="whatsapp", value="+4915112345678", assurance=2)
    Identity.objects.create(customer=ann, kind="email", value=f"{'a' * 60}@example.org", assurance=1)
    Consent.objects.create(customer=ann, purpose="service", channel=Channel.WHATSAPP, state="given", source="call")
    Preference.objects.create(customer=ann, topic="channel", value="whatsapp", source="call")
    return contact, line


def opened(browser: object, url: str, desk: Desk, contact: Interaction, **options: object) -> Page:
    page = window(browser, url, session=signed_in(desk.bob), **options)  # type: ignore[arg-type]
    page.goto(f"/desk/{contact.public_id}/")
    return page


def send_all() -> None:
    Sending.objects.filter(state="queued").update(due_at=timezone.now())
    outgoing.send_due_messages()


def wrong_with(page: Page) -> list[str]:
    """What the browser complained about, what axe finds, whether it fits; axe's own noise is left out."""
    found = [*page.complaints, *violations(page), *(["scrolls sideways"] if is_too_wide(page) else [])]  # type: ignore[attr-defined]
    page.complaints.clear()  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_another_channel_with_a_template_and_the_same_conversation(live_server, browser, desk, lines, width, theme):
    contact, _line = with_whatsapp(desk)
    page = opened(browser, live_server.url, desk, contact, width=width, theme=theme)
    page.locator(".desk-ways > summary").click()
    ways = page.locator("[data-way]")
    expect(ways).to_have_count(3)
    expect(ways.first).to_have_attribute("aria-current", "true")
    expect(page.locator(".way", has_text="preferred by the customer")).to_contain_text("WhatsApp")
    expect(page.locator("[data-way]:disabled")).to_contain_text("only claimed")
    assert wrong_with(page) == []

    page.keyboard.press("Escape")
    expect(ways.first).not_to_be_visible()
    page.locator(".desk-ways > summary").click()
    page.locator(".way", has_text="WhatsApp").click()
    expect(page.locator(".desk-hints")).to_contain_text("templates only")
    expect(page.locator("#desk-copies")).to_be_hidden()
    page.locator("#desk-template").select_option("order_news|en")
    page.get_by_label("Gap 1").fill("Ann")
    page.get_by_label("Gap 2").fill("A-1234")
    page.get_by_label("Gap 2").press("Enter")
    expect(page.locator(".templates-text")).to_have_text(
        "Hello Ann, there is news about your order A-1234. Answer here to read it."
    )
    assert wrong_with(page) == []
    page.get_by_label("Gap 2").press("Control+Enter")

    expect(page.locator("#desk-thread .thread-contact").last).to_contain_text("By WhatsApp")
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("order A-1234")
    expect(page.locator(".desk-way")).to_contain_text("E-mail to")
    send_all()
    assert lines[Channel.WHATSAPP].sent[0].template["parameters"] == ["Ann", "A-1234"]
    assert page.complaints == []


def test_files_are_put_in_pasted_refused_taken_back_and_sent(live_server, browser, desk, lines):
    contact = make_mine(desk, desk.bob, "Ann")
    page = opened(browser, live_server.url, desk, contact)
    page.locator("[data-attach]").set_input_files(
        [
            {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
            {"name": "film.bin", "mimeType": "video/mp4", "buffer": b"x" * 1_000_001},
        ]
    )
    expect(page.locator("#desk-problem")).to_have_text("film.bin is too large for this channel.")
    expect(page.locator("[data-draft-file]")).to_have_count(1)
    page.evaluate(PASTE, [page.locator("#desk-text").element_handle(), base64.b64encode(PICTURE).decode()])
    expect(page.locator("[data-draft-file]")).to_have_count(2)
    page.reload()
    expect(page.locator("[data-draft-file]")).to_have_count(2)
    page.get_by_role("button", name="Remove bill.pdf").click()
    expect(page.locator("[data-draft-file]")).to_have_count(1)

    page.locator(".composer-go").click()
    expect(page.locator("#desk-thread .say-agent .say-files")).to_contain_text("image.png")
    expect(page.locator("[data-draft-file]")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.locator("[data-draft-file]")).to_contain_text("image.png")
    page.locator("#desk-text").fill("Here it is.")
    page.locator("#desk-text").press("Control+Enter")
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("Here it is.")
    send_all()
    (sent,) = lines[Channel.EMAIL].sent
    assert [(file.name, file.read()) for file in sent.files] == [("image.png", PICTURE)]
    assert (Draft.objects.count(), DraftFile.objects.count(), Attachment.objects.count()) == (0, 0, 1)


def test_a_line_that_is_down_says_so_and_what_waits_leaves_later_or_is_taken_back(live_server, browser, desk, lines):
    contact = make_mine(desk, desk.bob, "Ann")
    lines[Channel.EMAIL].fails = [TemporaryEffectError("no answer")]
    page = opened(browser, live_server.url, desk, contact)
    page.locator("#desk-text").fill("First")
    page.locator(".composer-go").click()
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("First")
    send_all()
    LineHealth.objects.update_or_create(
        inbox=contact.inbox, defaults={"state": "down", "since": timezone.now() - timedelta(minutes=2), "failures": 3}
    )
    page.reload()
    expect(page.locator("#desk-list .work-down")).to_contain_text("has been down since")
    expect(page.locator("#desk-list .work-down")).to_contain_text("1 message waits")
    expect(page.locator(".desk-gate")).to_contain_text("What you send waits.")
    expect(page.locator("#desk-thread .say-state")).to_contain_text("Waits to be sent: no answer")

    LineHealth.objects.update(state="well", failures=0, retry_at=None)
    send_all()
    Sending.objects.update(state="unknown", sent_at=None, last_error="the answer was lost")
    page.reload()
    expect(page.locator(".work-due", has_text="not sent")).to_have_count(1)
    page.get_by_role("button", name="It arrived").click()
    expect(page.locator("#desk-thread .say-state")).to_have_text(re.compile("Sent"))

    page.locator("#desk-text").fill("Tomorrow then")
    page.locator(".composer-more > summary").click()
    page.get_by_role("button", name="Tomorrow morning").click()
    expect(page.locator("#desk-thread .say-state").last).to_contain_text("Leaves")
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#desk-text")).to_have_value("Tomorrow then")
    assert page.complaints == []


def test_an_agent_asks_a_customer_over_to_the_chat_and_the_case_goes_on_there(
    live_server, browser, desk, lines, settings
):
    settings.BASE_URL = live_server.url
    contact = make_mine(desk, desk.bob, "Ann")
    page = opened(browser, live_server.url, desk, contact)
    page.locator(".desk-ways > summary").click()
    page.locator("[data-offer-chat]").click()
    expect(page.locator("#desk-text")).to_have_value(re.compile("go on in the chat"))
    expect(page.locator("#desk-offer")).to_contain_text("Chat of the shop")
    expect(page.locator("#desk-kept")).to_have_text("Draft saved")
    page.reload()
    expect(page.locator("#desk-offer")).to_be_visible()
    assert wrong_with(page) == []
    page.locator(".composer-go").click()
    expect(page.locator("#desk-thread .say-offer")).to_contain_text("not opened yet")
    expect(page.locator("#desk-offer")).to_be_hidden()
    send_all()
    (sent,) = lines[Channel.EMAIL].sent

    visitor = window(browser, live_server.url, width=360)
    visitor.goto(re.search(r"http\S+#ccx-chat=\S+", sent.body)[0])
    expect(visitor.get_by_text("You can go on here: Bob Brown knows what it is about.")).to_be_visible()
    assert "ccx-chat" not in visitor.url
    visitor.get_by_role("textbox").fill("Here I am")
    visitor.get_by_role("textbox").press("Enter")
    eventually(lambda: Message.objects.filter(body="Here I am").first(), "what the visitor said")

    page.reload()
    expect(page.locator("#desk-thread .say-offer")).to_contain_text("opened")
    expect(page.locator("#desk-thread .thread-contact").last).to_contain_text("By Chat")
    expect(page.locator("#desk-thread .say-customer").last).to_contain_text("Here I am")
    assert Interaction.objects.values("case").distinct().count() == 1
    assert page.complaints == []


def test_a_template_is_chosen_while_free_words_go_too_and_a_reload_loses_none_of_it(live_server, browser, desk, lines):
    contact, line = with_whatsapp(desk)
    Preference.objects.all().delete()
    Interaction.objects.filter(pk=contact.pk).update(
        inbox=line,
        channel=Channel.WHATSAPP,
        identity=Identity.objects.get(kind="whatsapp"),
        last_customer_message_at=timezone.now(),
    )
    page = opened(browser, live_server.url, desk, contact)
    page.locator("#desk-text").fill("Words that stay")
    page.get_by_role("button", name="Use a template").click()
    page.locator("#desk-template").select_option("order_news|en")
    page.get_by_label("Gap 1").fill("Ann")
    eventually(lambda: Draft.objects.filter(template__parameters__0="Ann").first(), "the draft with its gap")
    page.reload()
    expect(page.get_by_label("Gap 1")).to_have_value("Ann")
    assert wrong_with(page) == []
    page.get_by_role("button", name="Write freely").click()
    expect(page.locator("#desk-text")).to_have_value("Words that stay")
    page.get_by_role("button", name="Use a template").click()
    page.get_by_label("Gap 2").fill("A-1")
    page.get_by_label("Gap 2").press("Control+Enter")
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("news about your order A-1")
    expect(page.locator("#desk-text")).to_have_value("Words that stay")
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.get_by_label("Gap 2")).to_have_value("A-1")
    assert page.complaints == []
