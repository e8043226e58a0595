"""A customer begins in a chat, goes on by mail and ends on the telephone: one case, told to nobody twice."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from analytics.models import Fact
from analytics.rollups.rebuild import rebuild_facts
from analytics.rollups.refresh import refresh_facts
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope
from interactions.cases.choices import CaseStatus, InteractionStatus
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.services import add_identity, attest_identity
from interactions.desk.selectors.thread import thread
from interactions.doors.chat import mailing
from interactions.doors.chat.mailing import note_who_left
from interactions.doors.mail.services import take_mail
from interactions.doors.models import ChatVisitor
from interactions.handling import services as handling
from interactions.models import Case, Inbox, Interaction
from tests.factories.api import make_api
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import reply
from tests.factories.mailservers import a_mail
from tests.factories.people import make_grant, make_user
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


def page_of(user: User, address: str, **headers: str) -> str:
    client = Client()
    client.force_login(user, backend="ccx.kernel.people.backends.PersonBackend")
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, address
    return answer.content.decode()


def signs_in(markup: str) -> list[str]:
    """The drawings of channels in a list of contacts, from above."""
    return re.findall(r'(?:timeline|ctx)-sign">.*?#(chat|email|voice)"', markup, re.S)


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
    # While she speaks, Alice has all of it before her: what was said in the chat and by mail, and both as contacts.
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)
    desk = page_of(centre.alice, f"/desk/{call.public_id}/")
    told = ["Where is my lamp? Order 4711.", "It left our house this morning.", "It did not come.", "May we call you?"]
    assert sorted(map(desk.index, told)) == [desk.index(words) for words in told]
    beside = page_of(centre.alice, f"/desk/{call.public_id}/_context/", HX_Request="true")
    assert signs_in(beside) == ["voice", "email", "chat"]
    assert "Where is my lamp? Order 4711." in beside
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
        Channel.VOICE,
    ]
    assert [item.message.body for item in items if item.message is not None] == told
    timeline = page_of(boss, f"/customers/{customer.public_id}/")
    assert re.findall(r'id="contact-([\w-]+)"', timeline) == [str(one.public_id) for one in reversed(contacts)]
    assert signs_in(timeline) == ["voice", "email", "chat"]
    rest = make_api().get("/api/v1/interactions", customer=str(customer.public_id), sort="started_at").json()["results"]
    assert [one["channel"] for one in rest] == ["chat", "email", "voice"]
    assert {(one["case"], one["customer"]) for one in rest} == {(str(case.public_id), str(customer.public_id))}

    # What it adds up to: one case of three contacts that changed channel. Nobody vouched for the chat, so the case is
    # left out of first contact resolution rather than counted as a success or a failure.
    facts = facts_of(contacts)
    assert facts[Channel.VOICE].handle_seconds == 90 + 12
    assert figures(facts, "contacts", "cases", "case_contacts", "case_switched", "case_stuck") == {
        Channel.CHAT: (1, 1, 3, 1, 1),
        Channel.EMAIL: (1, 0, 0, 0, 0),
        Channel.VOICE: (1, 0, 0, 0, 0),
    }
    assert figures(facts, "identified", "repeat", "fcr_n", "fcr_yes") == {
        Channel.CHAT: (0, 0, 0, 0),
        Channel.EMAIL: (1, 1, 0, 0),
        Channel.VOICE: (1, 1, 0, 0),
    }
    # Once the shop vouches for her the case counts, at its first contact, and was not resolved with it: even an agent
    # who thought so is told otherwise by her coming back, over whichever channel.
    assert contacts[0].identity is not None
    attest_identity(identity_id=contacts[0].identity.pk, assurance=Assurance.PROVEN, source="the shop", by=None)
    for is_resolved in (False, True):
        Interaction.objects.filter(pk=contacts[0].pk).update(is_resolved=is_resolved)
        assert figures(facts_of(contacts), "identified", "repeat", "fcr_n", "fcr_yes") == {
            Channel.CHAT: (1, 0, 1, 0),
            Channel.EMAIL: (1, 1, 0, 0),
            Channel.VOICE: (1, 1, 0, 0),
        }
    before = list(Fact.objects.order_by("interaction_id").values())
    rebuild_facts()
    assert list(Fact.objects.order_by("interaction_id").values()) == before


def facts_of(contacts: list[Interaction]) -> dict[int, Fact]:
    refresh_facts([one.pk for one in contacts])
    return {fact.channel: fact for fact in Fact.objects.all()}


def figures(facts: dict[int, Fact], *names: str) -> dict[int, tuple[int, ...]]:
    return {channel: tuple(getattr(fact, name) for name in names) for channel, fact in facts.items()}
