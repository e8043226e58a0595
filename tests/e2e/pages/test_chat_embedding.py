"""How a site embeds the chat: who is signed in there, links of mails, tabs, languages and colours."""

import json

import pytest
from playwright.sync_api import Browser, expect

from interactions.doors.chat.widget import folder
from tests.e2e.chat_stand_in import INBOX, SHOP, StandIn, open_chat, say, talked
from tests.e2e.driving import listened

pytestmark = pytest.mark.e2e


@pytest.fixture
def centre() -> StandIn:
    return StandIn()


def test_the_link_of_a_mail_opens_the_chat_on_another_device_and_leaves_the_address(
    centre: StandIn, browser: Browser
) -> None:
    talked(centre).links = {"a-link_of-a-mail"}
    page = centre.opened(browser, "/lamps?page=2#top&ccx-chat=a-link_of-a-mail")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator(".from-agent .bubble").last).to_contain_text("It comes today.")
    assert page.url == f"{SHOP}/lamps?page=2#top"
    assert "a-link" not in json.dumps(page.evaluate("({...localStorage})"))
    again = centre.opened(browser, "/#ccx-chat=a-link_of-a-mail")
    expect(again.get_by_text("This link was used already or has expired.")).to_be_visible()
    assert again.url == f"{SHOP}/"


def test_the_site_says_who_is_signed_in_and_takes_everything_away_at_signing_out(
    centre: StandIn, browser: Browser
) -> None:
    user = {"id": "7", "name": "Tom", "email": "tom@customer.example", "expires": 9, "signature": "ab"}
    page = talked(centre).opened(browser)
    page.evaluate("(user) => ccxChat.identify(user)", user)
    page.evaluate("ccxChat.open()")
    expect(page.locator(".from-agent .bubble").last).to_contain_text("It comes today.")
    assert [asked["user"] for asked in centre.told("sessions")] == [user]
    page.evaluate("ccxChat.shutdown()")
    expect(page.locator("ccx-chat")).to_have_count(0)
    assert page.evaluate("localStorage.length") == 0
    # Somebody else signs in on the same browser: nothing of the first is shown or sent.
    page.evaluate("(user) => ccxChat.identify(user)", user | {"id": "8"})
    page.evaluate("ccxChat.open()")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("(user) => ccxChat.identify(user)", user | {"id": "9"})
    page.wait_for_function(f"localStorage['ccx-chat:{INBOX}:who'] === '\"9\"'")
    assert [asked["user"]["id"] for asked in centre.told("sessions")] == ["7", "8", "9"]


def test_two_tabs_share_one_line_and_one_session(centre: StandIn, browser: Browser) -> None:
    page = centre.opened(browser)
    other = listened(page.context)
    other.goto("/tables")
    open_chat(page)
    say(page, "Hello")
    expect(page.locator(".from-visitor .meta")).to_contain_text("Sent")
    open_chat(other)
    expect(other.locator(".from-visitor .bubble")).to_have_text("Hello")
    say(other, "again")
    expect(page.locator(".from-visitor .bubble")).to_have_text(["Hello", "again"])
    centre.says("Hello to you.")
    centre.news()
    for tab in (page, other):
        expect(tab.locator(".from-agent .bubble").last).to_have_text("Hello to you.")
    assert len(centre.told("sessions")) == 1
    assert len([frame for frame in centre.told("socket") if frame["type"] == "hello"]) == 1


def test_every_accent_gives_colours_that_can_be_read(browser: Browser) -> None:
    source = (folder() / "look.js").read_text(encoding="utf-8").replace("export ", "")
    page = browser.new_page()
    told = page.evaluate(
        """(source) => {
          const { rgb, readableItself, readableOn, inkOn, contrast, SURFACE } = new Function(
            source + "; return { rgb, readableItself, readableOn, inkOn, contrast, SURFACE }")();
          const bad = [];
          const steps = ["00", "33", "66", "77", "80", "99", "cc", "ff"];
          for (const red of steps) for (const green of steps) for (const blue of steps) {
            const fill = readableItself(rgb("#" + red + green + blue));
            const found = [contrast(fill, inkOn(fill))];
            for (const surface of Object.values(SURFACE)) found.push(contrast(readableOn(fill, surface), surface));
            if (Math.min(...found) < 4.5) bad.push([red + green + blue, found]);
          }
          return bad;
        }""",
        source,
    )
    assert told == []


def test_it_speaks_the_language_of_the_page_or_the_words_that_the_site_brings(
    centre: StandIn, browser: Browser
) -> None:
    tag = centre.script_tag
    centre.script_tag = tag.replace("async", 'data-language="de-AT" async')
    assert centre.opened(browser).locator(".launcher").get_attribute("aria-label") == "Chat öffnen"
    # No words in Finnish: those of the page's own language.
    centre.script_tag = tag.replace("async", 'data-language="fi" async')
    finnish = centre.opened(browser)
    open_chat(finnish)
    expect(finnish.locator(".root")).to_have_attribute("dir", "ltr")
    say(finnish, "Hei")
    expect(finnish.locator(".from-visitor .meta")).to_contain_text("Sent")
    assert centre.told("sessions")[-1]["language"] == "fi"

    centre.script_tag = tag.replace("async", 'data-position="left" async')
    context = centre.context(browser)
    context.add_init_script("window.ccxChat = { language: 'ar', words: { write: 'اكتب رسالة' } }")
    arabic = context.new_page()
    arabic.goto("/")
    open_chat(arabic)
    expect(arabic.locator(".root")).to_have_attribute("dir", "rtl")
    expect(arabic.get_by_label("اكتب رسالة")).to_be_visible()
    box = arabic.get_by_role("dialog").bounding_box()
    assert box
    assert box["x"] == 20
    clip = arabic.get_by_role("button", name="Attach a file").bounding_box()
    send = arabic.get_by_role("button", name="Send", exact=True).bounding_box()
    assert clip
    assert send
    assert clip["x"] > send["x"]
