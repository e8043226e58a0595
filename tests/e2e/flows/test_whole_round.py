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
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from analytics.facts.models import Fact
from ccx.kernel.events.pumping import pump_everything
from feedback.models import Invitation, Response
from feedback.surveys.services import make_standard_survey, record_response, save_survey
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.models import ContactReason, Inbox, Interaction, Message
from journeys.models import CostRate
from tests.e2e.centre import Centre, eventually, running_centre
from tests.e2e.driving import signed_in, window
from tests.factories.derived import assert_derived_is_true
from tests.factories.owners import a_department, a_touchpoint, an_owner, mapped
from tests.factories.showcase import Showcase, make_showcase

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
CUSTOMER = "maria@customer.example"
ANSWERS = 34


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Showcase]:
    """A centre with weeks behind it, whose customers have answered a survey, and whose reasons have an owner."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, kernel_loghead")
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
    CostRate.objects.create(valid_from=timezone.now() - timedelta(days=90), per_hour=40, per_contact=1)
    pump_everything()
    yield made
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kernel_event, kernel_loghead")


@pytest.fixture
def centre(shop: Showcase) -> Iterator[Centre]:
    with running_centre(CCX_UNDO_SECONDS="1") as running:
        yield running


def test_a_contact_goes_all_the_way_round_and_the_figures_move_by_exactly_that(
    shop: Showcase, centre: Centre, browser: Any
) -> None:
    people = {
        name: window(browser, centre.address, session=signed_in(shop.people[name]), sockets=True)
        for name in ("Bob", "Olga")
    }
    people["Alice"] = window(browser, centre.address, session=signed_in(shop.people["Ada"]))
    bob, before = people["Bob"], figures(people)

    # The agent says that he is there; a customer fills in the form, and it rings on his desk without a reload.
    bob.goto("/desk/")
    expect(bob.locator("html[data-connection=on]")).to_be_attached()
    bob.locator("#presence summary").click()
    bob.get_by_role("button", name="Available").click()
    expect(bob.locator("#presence .presence-available").first).to_be_attached()
    bob.evaluate("window.sameDocument = true")
    customer = window(browser, centre.address, width=390)
    fill_in_form(customer)
    expect(bob.locator(".work-now")).to_contain_text("Maria", timeout=30_000)
    assert bob.evaluate("window.sameDocument")
    bob.locator("[data-accept]").first.click()
    expect(bob.locator(".desk-thread, #desk-thread").first).to_contain_text("84 euros", timeout=20_000)
    contact = Interaction.objects.get(subject__gt="", channel=Channel.WEB_FORM, closed_at=None)

    # Half a reply is written when the browser reloads: it stands there again, and goes out once.
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

    # The customer's answer threads back while the socket is cut; the page reads everything again by itself.
    bob.locator("#desk-text").fill("Anything else")
    expect(bob.locator("#desk-kept")).to_contain_text("saved")
    centre.kill("sockets")
    expect(bob.locator("html[data-connection=lost]")).to_be_attached(timeout=20_000)
    answer(centre, mail, "Thank you! And when will I get them back?")
    eventually(lambda: contact.messages.filter(body__contains="get them back").exists(), "the answer in the thread")
    centre.start("sockets")
    expect(bob.locator("html[data-connection=on]")).to_be_attached(timeout=30_000)
    expect(bob.locator(".say-customer").last).to_contain_text("get them back", timeout=20_000)
    expect(bob.locator("#desk-text")).to_have_value("Anything else")
    bob.locator("#desk-text").fill("On Friday.")
    bob.locator("#desk-text").press("Control+Enter")
    expect(bob.locator(".say-agent").last).to_contain_text("On Friday.")
    centre.mailbox.next_to(CUSTOMER, after=1)

    # Wrapped up; the worker dies at that moment, and the survey comes once all the same.
    bob.locator("[data-keys=w]").click()
    bob.locator("#wrap-reason").fill("Wrong bill")
    bob.locator("#reason-list [role=option]").first.click()
    bob.locator("[data-answer=is_resolved] label").filter(has_text="Yes").click()
    bob.locator("[data-answer=was_avoidable] label").filter(has_text="Yes").click()
    centre.kill("worker")
    bob.locator(".wrap-finish").click()
    eventually(lambda: Interaction.objects.get(pk=contact.pk).status == InteractionStatus.CLOSED, "the wrap-up")
    centre.start("worker")
    invitation = centre.mailbox.next_to(CUSTOMER, after=2)

    # The customer says how it was, on a phone.
    link = re.search(r"https?://\S+/s/\S+?/?(?=[\s>\"]|$)", plain(invitation))
    assert link is not None
    customer.goto(link[0])
    customer.locator(".question-csat .score").last.click()
    customer.locator(".question-ces .score").last.click()
    customer.locator("textarea").fill("Bob was quick.")
    customer.locator(".survey-send").click()
    expect(customer.get_by_role("heading", name="Thank you")).to_be_visible()

    # The figures move by exactly that.
    eventually(lambda: Fact.objects.filter(interaction_id=contact.pk, csat_n=1).exists(), "the answer in the fact")
    after = figures(people)
    assert {name: after[name] - before[name] for name in after} == {
        "contacts": 1,
        "answers": 1,
        "owner's contacts": 1,
        "owner's customers": 1,
    }
    assert "Bob was quick" in people["Olga"].locator("main").inner_text()

    # Nothing is lost, nothing is there twice.
    assert contact.messages.filter(author_kind="agent").count() == 2
    assert contact.messages.filter(author_kind="customer").count() == 2
    assert len(centre.mailbox.to(CUSTOMER)) == 3
    assert Invitation.objects.count() == 1
    assert Response.objects.count() == ANSWERS + 1
    assert Message.objects.filter(body__contains="Anything else").count() == 0
    assert_derived_is_true()


def fill_in_form(page: Page) -> None:
    page.goto("/forms/contact/")
    page.get_by_label("Your name").fill("Maria Muster")
    page.get_by_label("E-mail").fill(CUSTOMER)
    page.get_by_label("What is it about?").fill("My bill says 84 euros; the plan costs 39.")
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


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def figures(people: dict[str, Page]) -> dict[str, int]:
    """What the dashboard and the owner's page say of the last days, today among them."""
    today = timezone.now().date()
    query = f"?from={today - timedelta(days=20)}&to={today}"
    board, owner = people["Alice"], people["Olga"]
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
