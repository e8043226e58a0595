"""The chat widget in the browser, on a shop's page of another origin under the strictest policy that lets it in."""

from base64 import b64decode
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.chat_stand_in import DOT, INBOX, KNOWN, RUDE, SHOP, StandIn, open_chat, say, talked, until
from tests.e2e.driving import is_too_wide, listened, look_at

pytestmark = pytest.mark.e2e
QUESTIONS: Final = [
    {"name": "name", "label": "Your name", "kind": "text", "required": True},
    {"name": "topic", "label": "What is it about?", "kind": "select", "required": True, "choices": ["Lamps", "Tables"]},
]


@pytest.fixture
def centre() -> StandIn:
    return StandIn()


def found(page: Page) -> list[str]:
    """What axe finds in both themes."""
    told = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator(f".root[data-theme={theme}]")).to_be_attached()
        told += [f"{theme}: {one}" for one in look_at(page)]
    return told


def test_a_visitor_is_asked_waits_in_line_is_answered_and_ends_it(centre: StandIn, browser: Browser) -> None:
    centre.config = {"questions": QUESTIONS}
    page = centre.opened(browser)
    assert centre.asked == []
    open_chat(page)
    answers_what_is_asked_before(page)
    waits_in_line_and_leaves_an_address(page, centre)
    is_answered(page, centre)
    ends_it_and_begins_again(page)
    assert len(centre.told("sessions")) == 1
    assert page.complaints == []  # type: ignore[attr-defined]


def answers_what_is_asked_before(page: Page) -> None:
    begin = page.get_by_role("button", name="Start chat")
    begin.click()
    expect(page.get_by_label("Your name")).to_be_focused()
    expect(page.locator(".field .wrong").first).to_have_text("Please fill this in.")
    page.get_by_label("Your name").fill("Tom")
    page.get_by_label("What is it about?").select_option("Lamps")
    begin.click()
    expect(page.get_by_label("Write a message")).to_be_focused()


def waits_in_line_and_leaves_an_address(page: Page, centre: StandIn) -> None:
    field = page.get_by_label("Write a message")
    field.press_sequentially("Where is")
    field.press("Shift+Enter")
    field.press_sequentially("my lamp? ")
    centre.position = 3
    field.press("Enter")
    expect(page.locator(".from-visitor .bubble")).to_have_text("Where is\nmy lamp?", use_inner_text=True)
    expect(page.locator(".event[role=status]")).to_have_text("You are number 3 in line.")
    (session,) = centre.told("sessions")
    assert (session["name"], session["answers"], session["page"]["url"]) == ("Tom", {"topic": "Lamps"}, f"{SHOP}/")
    page.get_by_label("E-mail").fill("tom@customer")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".form .wrong").first).to_have_text("Please check this address.")
    page.get_by_label("E-mail").fill("tom@customer.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".event.is-email")).to_contain_text("the answer comes to tom@customer.example too")


def is_answered(page: Page, centre: StandIn) -> None:
    centre.status, centre.agent, centre.position, centre.read_up_to = "active", "Mina Park", None, 1
    centre.news()
    expect(page.get_by_role("heading", name="Mina Park")).to_be_visible()
    centre.sockets[-1].send('{"type": "typing", "on": true}')
    expect(page.locator(".dots")).to_be_visible()
    centre.says("It comes today.")
    centre.news()
    expect(page.locator(".from-agent .bubble").last).to_have_text("It comes today.")
    expect(page.locator("[role=status]", has_text="Mina Park: It comes today.")).to_be_attached()
    expect(page.locator(".from-visitor .meta")).to_contain_text("Read")
    expect(page.locator(".dots")).to_have_count(0)
    assert centre.told("shown")[-1] == {"seq": 2}


def ends_it_and_begins_again(page: Page) -> None:
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="End chat").click()
    expect(page.get_by_role("button", name="Keep chatting")).to_be_focused()
    page.get_by_role("alertdialog").get_by_role("button", name="End chat").click()
    expect(page.get_by_text("The chat has ended")).to_be_visible()
    page.get_by_role("button", name="Start a new chat").click()
    say(page, "One more thing")
    expect(page.locator(".from-visitor .bubble").last).to_have_text("One more thing")


def test_what_came_while_it_was_closed_shows_at_the_launcher_and_to_the_page(centre: StandIn, browser: Browser) -> None:
    page = talked(centre).opened(browser, storage_state=KNOWN)
    page.evaluate("window.heard = []; ccxChat.on('unread', (count) => heard.push(count))")
    centre.says("Two more words", minutes=1)
    centre.says("for you.", minutes=2)
    page.wait_for_function("document.querySelector('ccx-chat')")
    centre.news()
    expect(page.get_by_role("button", name="Open the chat, 2 unread")).to_be_visible()
    expect(page.locator(".teaser")).to_contain_text("for you.")
    # Hidden, the tab itself says so; shown again, it stops.
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => window.isAway ?? true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page).to_have_title("(2) Lamps")
    page.evaluate("window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title("Lamps")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".teaser")).to_be_hidden()
    open_chat(page)
    expect(page.locator(".badge")).to_be_hidden()
    page.wait_for_function("heard.at(-1) === 0 && heard.includes(2)")


def test_nothing_that_is_said_or_named_becomes_markup_and_no_style_crosses(centre: StandIn, browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    centre.style = RUDE
    talked(centre).agent = evil
    centre.config = {"title": evil, "intro": evil, "accent": "red;} * {display: none"}
    centre.says(f"{evil} javascript:alert(3) data:text/html,x https://ok.test/?a=<b>) (see www.ok.test).", by=evil)
    file = {"id": "1", "name": evil, "type": "text/html", "size": 9, "url": "javascript:alert(4)", "is_image": True}
    centre.says("", files=[file], by=evil)
    page = centre.opened(browser, storage_state=KNOWN)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    before = page.evaluate("getComputedStyle(document.querySelector('h1')).cssText + document.styleSheets.length")
    open_chat(page)
    expect(page.locator(".head-title")).to_have_text(evil)
    expect(page.locator(".from-agent .bubble").last).to_contain_text("javascript:alert(3)")
    hrefs = page.locator(".scroll a").evaluate_all("links => links.map((link) => link.href)")
    assert hrefs == ["https://shop.test/orders/7", "https://ok.test/?a=", "https://www.ok.test/"]
    assert page.locator("ccx-chat img, ccx-chat script, ccx-chat style, ccx-chat iframe").count() == 0

    looks = page.locator(".from-agent .bubble").last.evaluate(
        "(bubble) => { const style = getComputedStyle(bubble);"
        "return [style.color, style.letterSpacing, style.textTransform, style.fontFamily.includes('cursive')] }"
    )
    assert looks == ["rgb(21, 26, 35)", "normal", "none", False]
    host = page.locator("ccx-chat").evaluate(
        "(host) => { const style = getComputedStyle(host); return [style.opacity, style.filter, style.position] }"
    )
    assert host == ["1", "none", "fixed"]
    assert before == page.evaluate(
        "getComputedStyle(document.querySelector('h1')).cssText + document.styleSheets.length"
    )
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_message_that_did_not_arrive_is_kept_sent_again_and_counts_once(centre: StandIn, browser: Browser) -> None:
    page = talked(centre).opened(browser, storage_state=KNOWN)
    open_chat(page)
    centre.is_down = True
    say(page, "Are you there?")
    expect(page.get_by_text("Waits for the connection")).to_be_visible()
    expect(page.locator(".bar")).to_contain_text("No connection")
    page.get_by_label("Write a message").fill("And half a sent")
    centre.is_down = False
    page.reload()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_value("And half a sent")
    expect(page.locator(".from-visitor .meta").last).to_contain_text("Sent")
    assert [said["body"] for said in centre.messages[2:]] == ["Are you there?"]

    centre.refuses["messages"] = (422, "That is too long.")
    say(page, "x")
    expect(page.get_by_text("That is too long.")).to_be_visible()
    del centre.refuses["messages"]
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-visitor .meta").last).to_contain_text("Sent")
    first, second = centre.told("messages")[-2:]
    assert first["id"] == second["id"]
    questions_asked_since_then_are_answered_first(page, centre)
    # A token that is no longer known: begin again, and lose nothing of what was written.
    centre.refuses["messages"] = (401, "")
    say(page, "Who am I?")
    expect(page.get_by_text("Not sent", exact=True)).to_be_visible()
    del centre.refuses["messages"]
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-visitor .meta").last).to_contain_text("Sent")
    assert len(centre.told("sessions")) == 3


def questions_asked_since_then_are_answered_first(page: Page, centre: StandIn) -> None:
    """The server insists on answers that this browser was never asked for; the words wait until it has them."""
    centre.status = "ended"
    centre.config = {"questions": QUESTIONS}
    centre.refuses["messages"] = (422, "Please answer this first: Your name", "questions_are_open")
    centre.news()
    page.get_by_role("button", name="Start a new chat").click()
    say(page, "And the other one?")
    expect(page.get_by_role("heading", name="Before we start")).to_be_visible()
    page.get_by_label("Your name").fill("Tom")
    page.get_by_label("What is it about?").select_option("Tables")
    del centre.refuses["messages"]
    page.get_by_role("button", name="Start chat").click()
    expect(page.locator(".from-visitor .bubble").last).to_have_text("And the other one?")
    expect(page.locator(".from-visitor .meta").last).to_contain_text("Sent")
    assert [(said["name"], said["answers"]) for said in centre.told("sessions")] == [("Tom", {"topic": "Tables"})]


def test_without_a_socket_it_polls_and_where_storage_is_refused_it_works_all_the_same(
    centre: StandIn, browser: Browser
) -> None:
    centre.has_sockets = False
    context = centre.context(browser)
    context.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        "Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    page = listened(context)
    page.goto("/")
    open_chat(page)
    say(page, "Hello?")
    expect(page.locator(".from-visitor .meta")).to_contain_text("Sent")
    centre.says("Hello.")
    expect(page.locator(".from-agent .bubble").last).to_have_text("Hello.")
    assert centre.sockets == []


def test_a_socket_that_breaks_is_stood_in_for_by_polling_until_there_is_another(
    centre: StandIn, browser: Browser
) -> None:
    page = talked(centre).opened(browser, storage_state=KNOWN)
    open_chat(page)
    expect(page.locator(".from-agent .bubble").last).to_contain_text("It comes today.")
    until(page, lambda: len(centre.sockets) == 1)
    centre.has_sockets = False
    centre.sockets[0].close(code=1012)
    centre.says("By polling.")
    expect(page.locator(".from-agent .bubble").last).to_have_text("By polling.")
    centre.has_sockets = True
    page.evaluate("dispatchEvent(new Event('online'))")
    until(page, lambda: len(centre.sockets) == 2)
    centre.says("By a socket.")
    centre.news()
    expect(page.locator(".from-agent .bubble").last).to_have_text("By a socket.")


def test_files_come_by_button_by_paste_and_by_drop_within_the_limits(centre: StandIn, browser: Browser) -> None:
    page = talked(centre).opened(browser, storage_state=KNOWN)
    open_chat(page)
    png = {"name": "lamp.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
    page.locator("input[type=file]").set_input_files([png])  # type: ignore[list-item]
    expect(page.locator(".chip.is-ready")).to_have_count(1)
    for event, carrier in (("paste", "clipboardData"), ("drop", "dataTransfer")):
        page.evaluate(
            "([event, carrier]) => { const data = new DataTransfer();"
            "data.items.add(new File(['x'], `${event}.png`, {type: 'image/png'}));"
            "const made = event === 'paste' ? new ClipboardEvent(event, {clipboardData: data, bubbles: true})"
            ": new DragEvent(event, {dataTransfer: data, bubbles: true});"
            "document.querySelector('ccx-chat').shadowRoot.querySelector('textarea.words').dispatchEvent(made) }",
            [event, carrier],
        )
    expect(page.locator(".chip.is-ready")).to_have_count(3)
    page.locator("input[type=file]").set_input_files([png])  # type: ignore[list-item]
    expect(page.get_by_text("At most 3 files in one message.")).to_be_visible()
    page.get_by_role("button", name="Remove drop.png").click()
    page.locator("input[type=file]").set_input_files(
        [{"name": "big.png", "mimeType": "image/png", "buffer": b"x" * 1_000_001}]  # type: ignore[list-item]
    )
    expect(page.get_by_text("big.png is larger than 1 MB.")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        [{"name": "a.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}]  # type: ignore[list-item]
    )
    expect(page.get_by_text("Files like a.exe cannot be sent here.")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".chip")).to_have_count(0)
    assert len(centre.told("messages")[-1]["files"]) == 2
    centre.holds_files = True
    page.locator("input[type=file]").set_input_files([png])  # type: ignore[list-item]
    say(page, "Never mind the picture.")
    assert len(centre.told("messages")) == 1
    page.get_by_role("button", name="Cancel the upload of lamp.png").click()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator(".from-visitor .bubble").last).to_have_text("Never mind the picture.")


def test_a_picture_is_drawn_and_any_other_file_is_named(centre: StandIn, browser: Browser) -> None:
    talked(centre).files["1"] = b64decode(DOT)
    picture = {"id": "1", "name": "dot.png", "type": "image/png", "size": 70, "is_image": True}
    paper = {"id": "2", "name": "invoice.pdf", "type": "application/pdf", "size": 24_300, "is_image": False}
    files = [file | {"url": f"/chat/{INBOX}/files/{file['id']}?key=k"} for file in (picture, paper)]
    centre.says("", files=files)
    page = centre.opened(browser, storage_state=KNOWN)
    open_chat(page)
    expect(page.get_by_role("img", name="Picture dot.png")).to_be_visible()
    expect(page.get_by_role("link", name="invoice.pdf 24 kB (opens in a new tab)")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]


def test_the_keyboard_goes_everywhere_and_comes_back_and_no_key_reaches_the_shop(
    centre: StandIn, browser: Browser
) -> None:
    centre.html = '<button id="help">Help</button>'
    page = talked(centre).opened(browser, storage_state=KNOWN)
    page.evaluate(
        "window.keys = []; document.addEventListener('keydown', (event) => keys.push(event.key));"
        "help.onclick = () => ccxChat.open(); 0"
    )
    page.locator("#help").press("Enter")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.keyboard.type("/x")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_focused()
    assert "/" not in page.evaluate("keys")
    page.get_by_role("button", name="Open the chat").press("Enter")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Write a message")).to_have_value("/x😀")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open the chat")).to_be_focused()


def test_when_nobody_is_there_a_message_is_taken_once_and_without_a_form_the_chat_waits(
    centre: StandIn, browser: Browser
) -> None:
    centre.config = {"is_open": False, "opens_at": "2099-01-05T09:00:00Z", "has_form": True, "questions": QUESTIONS}
    page = centre.opened(browser)
    open_chat(page)
    expect(page.get_by_role("heading", name="We are away right now")).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_count(0)
    page.get_by_label("E-mail").fill("tom@customer.example")
    page.get_by_label("What is it about?").select_option("Tables")
    page.get_by_label("Your message").fill("Does it wobble?")
    centre.refuses["offline"] = (422, "We cannot write to this address.")
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("We cannot write to this address.")).to_be_visible()
    del centre.refuses["offline"]
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("heading", name="Thank you, we have your message")).to_be_visible()
    first, second = centre.told("offline")
    assert first == second
    assert (second["email"], second["body"], second["answers"]) == (
        "tom@customer.example",
        "Does it wobble?",
        {"topic": "Tables"},
    )
    assert centre.told("sessions") == []

    centre.config = {"is_open": False, "opens_at": None, "has_form": False}
    waiting = centre.opened(browser)
    open_chat(waiting)
    expect(waiting.get_by_text("We are away right now.")).to_be_visible()
    say(waiting, "Does it wobble?")
    expect(waiting.locator(".from-visitor .meta")).to_contain_text("Sent")


@pytest.mark.parametrize("state", ["talk", "ask", "away", "wait"])
def test_it_is_accessible_in_light_and_dark_on_a_phone_and_wide_with_any_accent(browser: Browser, state: str) -> None:
    accents = {"talk": "#ffe11a", "ask": "#3b52cf", "away": "#ffffff", "wait": "#767676"}
    for options in ({"width": 1280}, {"width": 360, "height": 640, "has_touch": True, "is_mobile": True}):
        centre = StandIn(config={"accent": accents[state]})
        if state == "talk":
            talked(centre).is_typing = True
            centre.says("Wolfeschlegelsteinhausenbergerdorff" * 4, by="Somebody of a very long name " * 3)
        elif state == "ask":
            centre.config |= {"questions": QUESTIONS, "wants_email": "always"}
        elif state == "away":
            centre.config |= {"is_open": False, "opens_at": "2099-01-05T09:00:00Z"}
        else:
            centre.says("Hello?", by="", kind="visitor")
            centre.status, centre.position = "waiting", 2
        page = centre.opened(browser, storage_state=None if state in {"ask", "away"} else KNOWN, **options)
        assert found(page) == []
        open_chat(page)
        if state == "talk":
            page.get_by_role("button", name="More").click()
        assert found(page) == []
        assert not is_too_wide(page)
        box = page.get_by_role("dialog").bounding_box()
        assert box
        assert box["width"] <= options["width"]
        if options["width"] == 360:
            assert (box["x"], box["y"], box["height"]) == (0, 0, 640)
        page.context.close()
