"""A customer begins in a chat, goes on by mail and ends on the telephone: one case, told to nobody twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from analytics.models import Fact
from analytics.rollups.rebuild import rebuild_facts
from analytics.rollups.refresh import refresh_facts
from ccx.kernel.events.pumping import pump_everything
from interactions.cases.choices import CaseStatus, InteractionStatus
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.services import add_identity
from interactions.desk.selectors.thread import thread
from interactions.doors.chat import mailing
from interactions.doors.chat.mailing import note_who_left
from interactions.doors.mail.services import take_mail
from interactions.doors.models import ChatVisitor
from interactions.handling import services as handling
from interactions.models import Case, Inbox, Interaction
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import reply
from tests.factories.mailservers import a_mail
from tests.factories.people import make_user
from tests.factories.telephones import CALLER, FLOW, NINE, a_line, the_call, workers
from tests.factories.visitors import SHOP, Visitor, open_line
from tests.stand_ins.phone_company import PhoneCompany

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(monkeypatch: pytest.MonkeyPatch) -> Centre:
    cache.clear()
    monkeypatch.setattr(mailing, "QUIET", timedelta(0))
    centre = make_centre()
    centre.email.address = "help@ccx.test"
    centre.email.save()
    Inbox.objects.filter(pk=centre.chat.pk).update(reply_inbox=centre.email)
    centre.chat.refresh_from_db()
    return centre


@pytest.fixture
def company() -> Iterator[PhoneCompany]:
    with PhoneCompany(NINE) as company:
        yield company


def test_chat_then_mail_then_telephone_is_one_case_in_one_timeline(  # noqa: PLR0915 - a whole story
    company: PhoneCompany, centre: Centre, mailoutbox: list[Any]
) -> None:
    # In the chat: Ann asks, leaves an address, and is gone before the answer.
    visitor = Visitor(open_line(centre.chat))
    visitor.begin(page={"url": f"{SHOP}/lamps", "title": "Lamps"})
    visitor.say("Where is my lamp? Order 4711.")
    visitor.ask("email", {"email": "ann@example.test"})
    chat = Interaction.objects.get()
    company.tick(30)
    handling.accept_interaction(interaction_id=chat.pk, agent=centre.alice, by=centre.alice)
    company.tick(60)
    ChatVisitor.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    reply(chat.pk, centre.alice, "It left our house this morning.")
    note_who_left()
    pump_everything()
    [mail] = mailoutbox
    assert "It left our house" in str(mail.body)
    handling.wrap_up_interaction(interaction_id=chat.pk, by=centre.alice)
    company.tick(10)
    handling.close_interaction(interaction_id=chat.pk, is_resolved=False, by=centre.alice)

    # By mail: she answers it. It is the same case, without a word repeated.
    company.tick(3600)
    raw = a_mail("It did not come.", To=mail.reply_to[0], In_Reply_To=str(mail.extra_headers["Message-ID"]))
    taken = take_mail(inbox=centre.email, raw=raw)
    assert taken.receipt is not None
    letter = Interaction.objects.get(channel=Channel.EMAIL)
    reply(letter.pk, centre.alice, "May we call you?")
    customer = letter.customer
    assert customer is not None
    add_identity(customer_id=customer.pk, kind=IdentityKind.PHONE, value=CALLER, assurance=Assurance.CLAIMED,
                 source="told by mail", by=centre.alice)  # fmt: skip
    handling.wrap_up_interaction(interaction_id=letter.pk, by=centre.alice)
    handling.close_interaction(interaction_id=letter.pk, is_resolved=False, by=centre.alice)

    # By telephone: her carrier vouches for the number, and her one open case is the call's.
    company.tick(7200)
    leg = company.call(CALLER, a_line(company, centre, flow=FLOW), StirVerstat="TN-Validation-Passed-A")
    company.tick(20)
    company.press(leg, "1")
    workers(company)
    call = Interaction.objects.get(channel=Channel.VOICE)
    company.tick(15)
    handling.accept_interaction(interaction_id=call.pk, agent=centre.alice, by=centre.alice)
    workers(company)
    company.pick_up(company.ringing("client:agent-"))
    workers(company)
    company.tick(90)
    company.hang_up(company.legs[the_call().provider_id])
    workers(company)
    assert Interaction.objects.get(pk=call.pk).status == InteractionStatus.WRAP_UP
    company.tick(12)
    handling.close_interaction(interaction_id=call.pk, is_resolved=True, by=centre.alice)

    # One customer, one case, three contacts, in their order.
    case = Case.objects.get()
    assert case.status == CaseStatus.RESOLVED
    contacts = list(Interaction.objects.order_by("started_at"))
    assert [one.channel for one in contacts] == [Channel.CHAT, Channel.EMAIL, Channel.VOICE]
    assert {one.case_id for one in contacts} == {case.pk}
    assert {one.customer_id for one in contacts} == {customer.pk}
    assert [one.is_case_assumed for one in contacts] == [False, False, True]

    # What agents see: one conversation with a mark where the channel changes, one timeline.
    boss = make_user("administrator")
    items = thread(interaction=contacts[-1], user=boss).items
    assert [item.contact.channel for item in items if item.kind == "contact" and item.contact] == [
        Channel.CHAT,
        Channel.EMAIL,
    ]
    said = [item.message.body for item in items if item.message is not None]
    assert said == ["Where is my lamp? Order 4711.", "It left our house this morning.", "It did not come.",
                    "May we call you?"]  # fmt: skip

    # What it adds up to: one case of three contacts that changed channel, and not resolved by the first.
    refresh_facts([one.pk for one in contacts])
    facts = {fact.channel: fact for fact in Fact.objects.all()}
    assert sorted(facts) == [Channel.VOICE, Channel.CHAT, Channel.EMAIL]
    assert facts[Channel.VOICE].handle_seconds == 90 + 12
    assert sum(fact.case_switched for fact in facts.values()) == 1
    before = list(Fact.objects.order_by("interaction_id").values())
    rebuild_facts()
    assert list(Fact.objects.order_by("interaction_id").values()) == before
