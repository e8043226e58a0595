"""One contact all the way round: a customer, an agent, a supervisor and the owner of what caused it.

In its middle the socket is cut, the browser reloads with half a reply written, and the worker dies after the wrap-up.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from analytics.facts.models import Fact
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import Grant
from ccx.kernel.people.choices import GrantScope
from feedback.models import Invitation, Response
from feedback.surveys.services import make_standard_survey, record_response, save_survey
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Inbox, Interaction, Offer
from interactions.routing.models import OfferEnd
from journeys.models import CostRate
from tests.e2e.centre import Centre, eventually, running_centre
from tests.e2e.driving import moments_pass, signed_in, window
from tests.factories.derived import assert_derived_is_true
from tests.factories.owners import a_department, a_touchpoint, an_owner, mapped
from tests.factories.showcase import Showcase, make_showcase

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
CUSTOMER = "maria@customer.example"
ANSWERS = 34


@pytest.fixture
def shop(transactional_db: None) -> Showcase:
    """A centre with weeks behind it, whose customers have answered a survey, and whose reasons have an owner."""
    CostRate.objects.create(valid_from=timezone.now() - timedelta(days=90), per_hour=40, per_contact=1)
    made = make_showcase(contacts=200, days=10)
    line = made.inboxes[Channel.EMAIL]
    Inbox.objects.filter(pk=line.pk).update(address="help@shop.example")
    Inbox.objects.filter(pk=made.inboxes[Channel.WEB_FORM].pk).update(reply_inbox=line)
    handled = Interaction.objects.filter(outcome=Outcome.HANDLED).order_by("pk")
    for number, contact in enumerate(handled[:ANSWERS]):
        record_response(interaction=contact, answers={"csat": 3 + number % 3, "ces": 5}, by=None)
    survey = make_standard_survey(by=made.people["Ada"])
    save_survey(survey_id=survey.pk, values={"delay_minutes": 0}, by=made.people["Ada"])
    made.people["Olga"] = an_owner(name="Olga Owner", email="olga@example.org")
    department = a_department("Invoicing", owner=made.people["Olga"])
    mapped(ContactReason.objects.get(name="Wrong bill"), a_touchpoint(department, name="The invoice"))
    pump_everything()
    return made


@pytest.fixture
def centre(shop: Showcase) -> Iterator[Centre]:
    with running_centre(CCX_UNDO_SECONDS="1") as running:
        yield running


def test_a_contact_goes_all_the_way_round_and_the_figures_move_by_exactly_that(
    shop: Showcase, centre: Centre, browser: Any
) -> None:
    sight = {
        name: window(browser, centre.address, session=signed_in(shop.people[name]), sockets=True)
        for name in ("Bob", "Olga", "Ada")
    }
    bob, customer = sight["Bob"], window(browser, centre.address, width=390)
    before = figures(sight)

    contact = it_rings_without_a_reload(bob, customer)
    mail = a_reply_survives_a_reload(bob, centre)
    the_answer_threads_back_over_a_cut_socket(bob, centre, mail, contact)
    it_is_wrapped_up_as_the_worker_dies(bob, centre, contact)
    the_customer_says_how_it_was(customer, centre)

    eventually(lambda: Fact.objects.filter(interaction_id=contact.pk, csat_n=1).exists(), "the answer in the fact")
    after = figures(sight)
    assert {name: after[name] - before[name] for name in after} == {
        "contacts": 1,
        "answers": 1,
        "owner's contacts": 1,
        "owner's customers": 1,
    }
    assert "Bob was quick" in sight["Olga"].locator("main").inner_text()

    # Nothing is lost, nothing is there twice.
    assert contact.messages.filter(author_kind="agent").count() == 2
    assert contact.messages.filter(author_kind="customer").count() == 2
    assert len(centre.mailbox.to(CUSTOMER)) == 3
    assert Invitation.objects.count() == 1
    assert Response.objects.count() == ANSWERS + 1
    assert_derived_is_true()


def test_what_rings_at_a_laptop_that_is_closed_rings_at_the_next_agents_and_the_floor_shows_it(
    shop: Showcase, centre: Centre, browser: Any
) -> None:
    Grant.objects.create(user=shop.agents[1], scope=GrantScope.TEAM, target_id=shop.teams["Billing"].pk)
    desks = [window(browser, centre.address, session=signed_in(shop.agents[number]), sockets=True) for number in (0, 1)]
    for desk in desks:
        goes_available(desk)
    floor = window(browser, centre.address, session=signed_in(shop.people["Ada"]), sockets=True)
    floor.goto("/desk/floor/")
    fill_in_form(window(browser, centre.address, width=390))
    ringing = Offer.objects.ringing()
    first = eventually(ringing.first, "an offer").agent
    other = 1 - shop.agents.index(first)
    expect(desks[1 - other].locator(".work-now")).to_contain_text("Maria", timeout=30_000)
    expect(floor.locator(".floor-waiting")).to_contain_text(f"rings at {first}", timeout=20_000)

    desks[1 - other].context.close()

    expect(desks[other].locator(".work-now")).to_contain_text("Maria", timeout=20_000)
    desks[other].locator("[data-accept]").first.click()
    expect(desks[other].locator("#desk-thread")).to_contain_text("84 euros", timeout=20_000)
    contact = Interaction.objects.get(channel=Channel.WEB_FORM, closed_at=None)
    assert (contact.agent, contact.status) == (shop.agents[other], InteractionStatus.ACTIVE)
    expect(floor.locator(".floor-agent", has_text=str(shop.agents[other]))).to_contain_text("Maria", timeout=20_000)
    floor.get_by_role("button", name="Reassign Maria Muster").click()
    expect(floor.get_by_role("dialog")).to_contain_text("Delivery first line")
    assert [offer.end for offer in contact.offers.order_by("pk")] == [OfferEnd.WITHDRAWN, OfferEnd.ACCEPTED]


def goes_available(desk: Page) -> None:
    desk.goto("/desk/")
    expect(desk.locator("html[data-connection=on]")).to_be_attached(timeout=20_000)
    desk.locator("#presence summary").click()
    desk.get_by_role("button", name="Available", exact=True).click()
    expect(desk.locator("#presence .presence-available").first).to_be_attached()


def it_rings_without_a_reload(bob: Page, customer: Page) -> Interaction:
    """The agent is there; a customer fills in the form; it rings and is taken."""
    goes_available(bob)
    bob.evaluate("window.isSameDocument = true")
    fill_in_form(customer)
    expect(bob.locator(".work-now")).to_contain_text("Maria", timeout=30_000)
    assert bob.evaluate("window.isSameDocument")
    bob.locator("[data-accept]").first.click()
    expect(bob.locator("#desk-thread")).to_contain_text("84 euros", timeout=20_000)
    return Interaction.objects.get(channel=Channel.WEB_FORM, closed_at=None)


def a_reply_survives_a_reload(bob: Page, centre: Centre) -> EmailMessage:
    """Half a reply is written when the browser reloads: it stands there again, and goes out once."""
    write = bob.locator("#desk-text")
    write.fill("Dear Maria, I looked it up: ")
    expect(bob.locator("#desk-kept")).to_contain_text("saved")
    bob.reload()
    expect(write).to_have_value("Dear Maria, I looked it up: ")
    write.press("End")
    write.type("the 45 euros were a mistake.")
    write.press("Control+Enter")
    expect(bob.locator(".say-agent")).to_contain_text("were a mistake")
    mail = centre.mailbox.next_to(CUSTOMER)
    assert "the 45 euros were a mistake" in mail.get_content()
    return mail


def the_answer_threads_back_over_a_cut_socket(
    bob: Page, centre: Centre, mail: EmailMessage, contact: Interaction
) -> None:
    """What comes while the socket is cut is there when it is back, and what was being written still is."""
    write = bob.locator("#desk-text")
    write.fill("Anything else")
    expect(bob.locator("#desk-kept")).to_contain_text("saved")
    centre.kill("sockets")
    expect(bob.locator("html[data-connection=lost]")).to_be_attached(timeout=20_000)
    answer(centre, mail, "Thank you! And when will I get them back?")
    eventually(lambda: contact.messages.filter(body__contains="get them back").exists(), "the answer in the thread")
    centre.start("sockets")
    expect(bob.locator("html[data-connection=on]")).to_be_attached(timeout=30_000)
    expect(bob.locator(".say-customer").last).to_contain_text("get them back", timeout=20_000)
    expect(write).to_have_value("Anything else")
    write.fill("On Friday.")
    write.press("Control+Enter")
    expect(bob.locator(".say-agent").last).to_contain_text("On Friday.")
    centre.mailbox.next_to(CUSTOMER, after=1)


def it_is_wrapped_up_as_the_worker_dies(bob: Page, centre: Centre, contact: Interaction) -> None:
    bob.locator("[data-keys=w]").click()
    bob.locator("#wrap-reason").fill("Wrong bill")
    bob.locator("#reason-list [role=option]").first.click()
    bob.locator("[data-answer=is_resolved] label").filter(has_text="Yes").click()
    bob.locator("[data-answer=was_avoidable] label").filter(has_text="Yes").click()
    centre.kill("worker")
    bob.locator(".wrap-finish").click()
    eventually(lambda: Interaction.objects.get(pk=contact.pk).status == InteractionStatus.CLOSED, "the wrap-up")
    centre.start("worker")


def the_customer_says_how_it_was(customer: Page, centre: Centre) -> None:
    """On a phone, by the link of the one mail that asks."""
    text = centre.mailbox.next_to(CUSTOMER, after=2).get_body(("plain",))
    assert text is not None
    link = re.search(r"https?://\S+/s/[\w-]+/", str(text.get_content()))
    assert link is not None
    customer.goto(link[0])
    customer.locator(".question-csat .score").last.click()
    customer.locator(".question-ces .score").last.click()
    customer.locator("textarea").fill("Bob was quick.")
    customer.locator(".survey-send").click()
    expect(customer.get_by_role("heading", name="Thank you")).to_be_visible()


def fill_in_form(page: Page) -> None:
    page.goto("/forms/contact/")
    page.get_by_label("Your name").fill("Maria Muster")
    page.get_by_label("E-mail").fill(CUSTOMER)
    page.get_by_label("What is it about?").fill("My bill says 84 euros; the plan costs 39.")
    moments_pass(page)
    page.locator("main button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("We have your message")


def answer(centre: Centre, mail: EmailMessage, words: str) -> None:
    """The customer's mail program answers, through the pipe of the mail server."""
    reply = EmailMessage()
    reply["From"] = f"Maria Muster <{CUSTOMER}>"
    reply["To"] = str(mail["Reply-To"] or mail["From"])
    reply["Subject"] = f"Re: {mail['Subject']}"
    reply["Message-ID"] = "<answer-1@customer.example>"
    reply["In-Reply-To"] = str(mail["Message-ID"])
    reply["References"] = str(mail["Message-ID"])
    reply.set_content(words)
    subprocess.run(
        [sys.executable, "manage.py", "receive_mail", "--inbox", "help@shop.example"],
        input=reply.as_bytes(),
        env=centre.environment,
        cwd=settings.BASE_DIR,
        check=True,
        timeout=60,
    )


def figures(sight: dict[str, Page]) -> dict[str, int]:
    """What the dashboard and the owner's page say of the last days, today among them."""
    today = timezone.now().date()
    query = f"?from={today - timedelta(days=20)}&to={today}"
    board, owner = sight["Ada"], sight["Olga"]
    board.goto(f"/dashboards/operations/{query}")
    offered = board.locator("tr", has=board.get_by_role("rowheader", name="Asked for a person", exact=True))
    contacts = whole(offered.locator("td[data-value]").first.inner_text())
    board.goto(f"/dashboards/{query}")
    answers = whole(re.search(r"n = ([\d,.]+)", board.locator("#tile-csat .tile-foot").inner_text())[1])  # type: ignore[index]
    owner.goto(f"/owners/{query}")
    owner.get_by_role("link", name="Invoicing").click()
    sentence = owner.locator(".owner-sentence").inner_text()
    counted = re.search(r"([\d,]+) contacts? of ([\d,]+) customers?", sentence)
    assert counted is not None, sentence
    return {
        "contacts": contacts,
        "answers": answers,
        "owner's contacts": whole(counted[1]),
        "owner's customers": whole(counted[2]),
    }


def whole(text: str) -> int:
    return int(re.sub(r"\D", "", text))
