"""The desk as agents live it: nothing typed is lost, nobody answers over another, no mouse is needed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import Channel
from interactions.models import Case, ContactReason, Draft, Interaction, Message, Sending
from tests.e2e.centre import eventually
from tests.e2e.driving import is_too_wide, listened, settle, signed_in, violations, window
from tests.factories.desks import pretend_mail
from tests.factories.live_desk import Desk, make_desk, make_mine, make_waiting, ring, say
from tests.factories.showcase import LONG

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
HOSTILE = "<script>alert(1)</script> \u202egnp.exe <img src=x onerror=alert(2)> " + "Donaudampfschifffahrt" * 30


@pytest.fixture
def desk(transactional_db: None) -> Iterator[Desk]:
    ContactReason.objects.create(code="late", name="Late delivery")
    with pretend_mail():
        yield make_desk()


def opened(browser: object, url: str, desk: Desk, contact: Interaction, **options: object) -> Page:
    page = window(browser, url, session=signed_in(desk.bob), **options)  # type: ignore[arg-type]
    page.goto(f"/desk/{contact.public_id}/")
    return page


def test_half_a_reply_is_there_after_a_reload_and_when_the_connection_was_gone(live_server, browser, desk):
    contact, other = make_mine(desk, desk.bob, "Ann"), make_mine(desk, desk.bob, "Ben")
    page = opened(browser, live_server.url, desk, contact)
    page.keyboard.press("r")
    page.keyboard.type("Hello Ann, half a")
    expect(page.locator("#desk-kept")).to_have_text("Draft saved")
    page.keyboard.type(" reply")

    def is_slow(route):  # made before the words are saved, it comes when they are
        answer = route.fetch()
        eventually(lambda: Draft.objects.filter(body="Hello Ann, half a reply").exists(), "the draft")
        route.fulfill(response=answer)

    page.route("**/desk/*/", is_slow, times=1)
    page.reload()
    expect(page.locator("#desk-text")).to_have_value("Hello Ann, half a reply")

    # To another contact and back, without a load of the page.
    page.locator(".work-row", has_text="Ben").click()
    expect(page.locator(".desk-name")).to_have_text("Ben")
    expect(page.locator("#desk-text")).to_have_value("")
    page.locator(".work-row", has_text="Ann").click()
    expect(page.locator("#desk-text")).to_have_value("Hello Ann, half a reply")

    page.context.set_offline(True)
    page.locator("#desk-text").press("Control+Enter")
    expect(page.locator(".composer-go")).to_contain_text("Send when connected")
    expect(page.locator("#desk-text")).to_have_value("Hello Ann, half a reply")
    page.context.set_offline(False)
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("Hello Ann, half a reply")
    assert Message.objects.filter(interaction=contact, author=desk.bob).count() == 1
    assert Draft.objects.count() == 0
    assert other.messages.count() == 1

    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.locator("#desk-text")).to_have_value("Hello Ann, half a reply")
    expect(page.locator("#desk-thread .say-agent")).to_have_count(0)


def test_what_happened_meanwhile_is_read_before_it_is_answered(live_server, browser, desk):
    contact = make_mine(desk, desk.bob, "Ann")
    page = opened(browser, live_server.url, desk, contact)
    page.keyboard.press("r")
    page.keyboard.type("It comes on Friday.")
    say(contact, "Never mind, it is here.")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".desk-changed")).to_contain_text("The customer wrote")
    expect(page.locator("#desk-text")).to_have_value("It comes on Friday.")
    expect(page.locator("#desk-thread")).to_contain_text("Never mind, it is here.")
    assert Sending.objects.count() == 0

    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("It comes on Friday.")
    expect(page.locator(".desk-changed")).to_have_count(0)
    assert Sending.objects.count() == 1


def test_two_agents_reach_for_one_contact_and_one_gets_it(live_server, browser, desk):
    contact = make_waiting(desk, "Ann")
    bobs = opened(browser, live_server.url, desk, contact)
    dinas = window(browser, live_server.url, session=signed_in(desk.dina))
    dinas.goto(f"/desk/{contact.public_id}/")

    bobs.keyboard.press("a")
    expect(bobs.locator(".desk-state")).to_have_text("With you")
    dinas.keyboard.press("a")

    expect(dinas.locator("#messages")).to_contain_text("Bob Brown was quicker")
    expect(dinas.locator(".desk-gate")).to_contain_text("Bob Brown has it. You can leave a note.")
    dinas.keyboard.press("n")
    dinas.keyboard.type("Ask for the order number.")
    dinas.keyboard.press("Control+Enter")
    expect(dinas.locator(".say-note")).to_contain_text("Only we see this")
    contact.refresh_from_db()
    assert contact.agent_id == desk.bob.pk
    assert bobs.complaints + dinas.complaints == []


def test_the_list_shows_at_once_what_one_did_and_holds_back_what_others_did(live_server, browser, desk):
    make_waiting(desk, "Ben", queue="Billing")
    contact = make_waiting(desk, "Ann")
    ring(contact, desk.bob, seconds=60)
    page = window(browser, live_server.url, session=signed_in(desk.bob))
    page.goto(f"/desk/?queue={desk.queues['Billing'].public_id}")
    page.locator("[data-grip=list]").press("ArrowRight")

    # The pointer stays over the list, where it pressed.
    page.locator(".work-now").get_by_role("button", name=re.compile("Accept")).click()
    expect(page.locator("[data-group=mine]")).to_contain_text("Ann")
    expect(page.locator(".desk-name")).to_have_text("Ann")
    expect(page.locator("[data-group=now]")).to_have_count(0)
    expect(page.locator("#work-news")).to_be_hidden()

    make_waiting(desk, "Newcomer", queue="Billing", priority=9)
    # What a script has styled and styled no more is left with an empty attribute, and that is nothing to be copied.
    for part in ("work-mine", "desk-header", "desk-thread"):
        page.evaluate("id => Object.assign(document.getElementById(id)?.style ?? {}, {color: 'red'}).color = ''", part)
    page.evaluate("document.getElementById('desk-header').dispatchEvent(new CustomEvent('live'))")
    page.evaluate("document.getElementById('desk-thread').dispatchEvent(new CustomEvent('live'))")
    page.evaluate("document.getElementById('desk-list').dispatchEvent(new CustomEvent('live'))")
    expect(page.locator("#work-news")).to_have_text("1 change")
    page.keyboard.press("r")
    page.keyboard.type("It is on its way.")
    page.locator("[data-group=queues] .work-row").first.hover()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".work-queue .work-row").first).to_contain_text("Newcomer")
    expect(page.locator("#work-news")).to_be_hidden()
    assert page.complaints == []


def test_what_a_part_is_told_while_its_answer_is_under_way_is_not_forgotten(live_server, browser, desk):
    contact = make_mine(desk, desk.bob, "Ben")
    page = window(browser, live_server.url, session=signed_in(desk.bob))
    page.goto(f"/desk/{contact.public_id}/")
    expect(page.locator(".desk-name")).to_have_text("Ben")
    answers = []

    def is_late(route):
        answers.append(route.fetch())
        Case.objects.filter(pk=contact.case_id).update(title="Called so meanwhile")
        route.fulfill(response=answers[-1])

    page.route("**/_header/", is_late)
    page.evaluate("for (let n = 0; n < 2; n++) htmx.trigger('#desk-header', 'ccx:refresh')")
    expect(page.locator(".desk-case-title")).to_contain_text("Called so meanwhile")
    page.wait_for_timeout(300)
    assert len(answers) == 2


def test_a_whole_contact_without_a_mouse(live_server, browser, desk):
    make_mine(desk, desk.bob, "Ben")
    contact = make_waiting(desk, "Ann")
    ring(contact, desk.bob, seconds=60)
    page = window(browser, live_server.url, session=signed_in(desk.bob))
    page.goto("/desk/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".desk-name")).to_have_text("Ann")
    page.keyboard.press("a")
    expect(page.locator(".desk-state")).to_have_text("With you")
    page.keyboard.press("e")
    page.keyboard.type("Parcel that never came")
    page.keyboard.press("Enter")
    expect(page.locator(".desk-case-title")).to_contain_text("Parcel that never came")
    page.keyboard.press("r")
    page.keyboard.type("It comes tomorrow.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk-thread .say-agent")).to_contain_text("It comes tomorrow.")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.locator("#wrap-up")).to_contain_text("What was this contact?")
    expect(page.locator("#wrap-reason")).to_be_focused()
    page.keyboard.type("late")
    expect(page.locator("#reason-list")).to_contain_text("Late delivery")
    page.keyboard.press("Enter")
    page.keyboard.press(" ")
    page.keyboard.press("Enter")

    expect(page.locator(".desk-name")).to_have_text("Ben")
    contact.refresh_from_db()
    assert (contact.status, contact.reason.code) == (InteractionStatus.CLOSED, "late")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("Hold and resume")
    assert page.complaints == []


def lively(desk: Desk) -> Interaction:
    """A bit of everything, with names and words that are meant to break it."""
    ring(make_waiting(desk, "Fatou Diop", channel=Channel.CHAT), desk.bob, seconds=60)
    for number, name in enumerate((LONG, "نور الهدى بنت عبد الرحمن", HOSTILE[:190])):
        make_waiting(desk, name, HOSTILE, minutes=20 * number, queue="Billing")
    contact = make_mine(desk, desk.bob, HOSTILE[:190], HOSTILE, subject=HOSTILE[:190], minutes=3000)
    say(contact, "Hello. " * 600 + "\n> quoted\n> more", by=desk.bob)
    say(contact, HOSTILE, by=desk.dina, is_note=True)
    say(contact, "I am the assistant.", kind="bot")
    later = make_mine(desk, desk.bob, LONG)
    Interaction.objects.filter(pk=later.pk).update(status=InteractionStatus.PENDING)
    return contact


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_the_desk_is_accessible_quiet_and_fits_whatever_it_holds(live_server, browser, desk, width, theme):
    page = window(browser, live_server.url, session=signed_in(desk.bob), width=width, theme=theme)
    page.goto("/desk/")
    settle(page)
    assert (list(page.complaints), violations(page), is_too_wide(page)) == ([], [], False)

    contact = lively(desk)
    wrong = {}
    for address in (f"/desk/?queue={desk.queues['Billing'].public_id}", f"/desk/{contact.public_id}/"):
        page.complaints.clear()
        page.goto(address)
        settle(page)
        found = [*page.complaints, *violations(page), *(["scrolls sideways"] if is_too_wide(page) else [])]
        wrong |= {address: found} if found else {}
    assert wrong == {}

    # The row under the pointer stays there when others come; they are announced.
    if width == 1280:
        other = listened(page.context)
        other.goto(f"/desk/?queue={desk.queues['Billing'].public_id}")
        row = other.locator(".work-queue .work-row").first
        row.hover()
        before = row.bounding_box()
        for _ in range(3):
            make_waiting(desk, "Newcomer", queue="Billing", priority=9)
        other.evaluate("document.getElementById('desk-list').dispatchEvent(new CustomEvent('live'))")
        expect(other.locator("#work-news")).to_have_text("3 changes")
        assert row.bounding_box() == before
        other.mouse.move(900, 400)
        expect(other.locator(".work-queue .work-row").first).to_contain_text("Newcomer")
