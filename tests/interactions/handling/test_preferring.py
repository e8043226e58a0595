"""What customers like: what they said orders the ways, what they do suggests one; and who is there now is one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from ccx.kernel.live import guests
from ccx.kernel.people.choices import GrantScope
from interactions.cases.choices import InteractionStatus, Outcome
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities
from interactions.channels.models import Inbox
from interactions.customers.models import Consent, Identity, Preference
from interactions.handling import services
from interactions.handling.models import Draft
from interactions.handling.selectors.choosing import Going, chosen_way, ways_for
from interactions.handling.selectors.preferring import learned_channel, stated_channel
from interactions.models import Interaction
from tests.factories.contacts import Centre, claim
from tests.factories.desks import a_draft_id, arrive, reply
from tests.factories.lines import TEMPLATES, PretendLine, pretend_lines
from tests.factories.people import make_grant, make_user

PHONE = "+4915112345678"


@pytest.fixture(autouse=True)
def lines(centre: Centre) -> Iterator[dict[Channel, PretendLine]]:
    cache.clear()
    make_grant(centre.alice, GrantScope.TEAM, centre.team.pk)
    with pretend_lines(chat=Capabilities(is_instant=True)) as pretended:
        yield pretended


@pytest.fixture
def whatsapp(centre: Centre) -> Inbox:
    return Inbox.objects.create(name="whatsapp", channel=Channel.WHATSAPP, default_queue=centre.queue)


def by_whatsapp(line: Inbox, external_id: str = "w1") -> Interaction:
    token = f"{PHONE}-{external_id}"
    return the(arrive(line, external_id, identity=claim(PHONE, kind="whatsapp"), thread_token=token))


def the(number: int) -> Interaction:
    return Interaction.objects.get(pk=number)


def also_by_mail(contact: Interaction, assurance: int = 2) -> Identity:
    Consent.objects.create(
        customer=contact.customer, purpose="service", channel=Channel.EMAIL, state="given", source="agent"
    )
    return Identity.objects.create(
        customer=contact.customer, kind="email", value="ann@example.test", assurance=assurance
    )


def says(contact: Interaction, value: str, **more: Any) -> Preference:
    told = {"topic": "channel", "value": value, "source": "agent"} | more
    return Preference.objects.create(customer=contact.customer, **told)


@pytest.mark.parametrize("told", ["email", "E-mail", " e-MAIL "])
def test_what_they_said_they_prefer_comes_before_the_channel_they_used_where_it_is_open(
    centre: Centre, whatsapp: Inbox, told: str
) -> None:
    contact = by_whatsapp(whatsapp)
    also_by_mail(contact)
    assert chosen_way(contact, user=centre.alice).inbox == whatsapp
    says(contact, told)
    assert chosen_way(contact, user=centre.alice).inbox == centre.email
    first, second = ways_for(contact, centre.alice)[:2]
    assert (first.inbox, first.is_preferred, second.inbox, second.is_usual) == (centre.email, True, whatsapp, True)
    said = reply(contact.pk, centre.alice).message
    assert (said.interaction.channel, said.interaction.case_id) == (Channel.EMAIL, contact.case_id)


def test_a_wish_that_is_not_open_or_not_theirs_to_see_or_on_a_live_line_moves_nothing(
    centre: Centre, whatsapp: Inbox
) -> None:
    contact = by_whatsapp(whatsapp)
    address = also_by_mail(contact, assurance=1)
    wish = says(contact, "email")
    assert chosen_way(contact, user=centre.alice).inbox == whatsapp
    Identity.objects.filter(pk=address.pk).update(assurance=2)
    stranger = make_user(team=None, email="stranger@example.test")
    assert chosen_way(contact, user=stranger).inbox == whatsapp
    Consent.objects.create(
        customer=contact.customer, purpose="service", channel=Channel.EMAIL, state="withdrawn", source="agent"
    )
    assert chosen_way(contact, user=centre.alice).inbox == whatsapp
    Preference.objects.filter(pk=wish.pk).update(value="by pigeon")
    assert stated_channel(contact.customer_id) is None
    chat = the(arrive(centre.chat, "v1", identity=claim("v-1", kind="visitor"), thread_token="v-1"))
    Identity.objects.filter(pk=address.pk).update(customer=chat.customer)
    says(chat, "email")
    assert chosen_way(chat, user=centre.alice).inbox == centre.chat


def test_the_usual_way_can_be_chosen_against_the_wish_and_stays_chosen(centre: Centre, whatsapp: Inbox) -> None:
    contact = by_whatsapp(whatsapp)
    also_by_mail(contact)
    says(contact, "email")
    assert contact.identity is not None
    services.choose_way(
        interaction_id=contact.pk, by=centre.alice, inbox_id=whatsapp.pk, identity_id=contact.identity_id or 0
    )
    assert Draft.objects.get().inbox == whatsapp
    browser = Client()
    browser.force_login(centre.alice)
    page = browser.get(f"/desk/{contact.public_id}/").text
    assert "WhatsApp to <bdi>+49 1511 2345678</bdi>" in page
    assert "Prefers E-mail: an agent was told on" in page


def test_a_habit_is_learned_of_contacts_that_they_began_and_only_suggests(centre: Centre, whatsapp: Inbox) -> None:
    contact = by_whatsapp(whatsapp)
    also_by_mail(contact)
    by_whatsapp(whatsapp, "w2")
    assert learned_channel(contact.customer_id) is None
    arrive(centre.email, "c1")
    habit = learned_channel(contact.customer_id)
    assert habit is not None
    assert (habit.channel, habit.times, habit.of) == (Channel.WHATSAPP, 2, 3)
    mail = arrive(centre.email, "c2")
    assert learned_channel(contact.customer_id) is None
    Interaction.objects.filter(pk=mail).update(
        outcome=Outcome.NOT_A_CONTACT, status=InteractionStatus.CLOSED, closed_at=timezone.now()
    )
    assert learned_channel(contact.customer_id) == habit
    first_mail = Interaction.objects.filter(channel=Channel.EMAIL).earliest("pk")
    assert chosen_way(first_mail, user=centre.alice).inbox == centre.email
    browser = Client()
    browser.force_login(centre.alice)
    assert "Usually writes by WhatsApp (2 of 3)" in browser.get(f"/desk/{first_mail.public_id}/").text
    for number in range(8):
        Interaction.objects.filter(pk=by_whatsapp(whatsapp, f"x{number}").pk).update(
            started_at=timezone.now() + timedelta(minutes=number)
        )
    habit = learned_channel(contact.customer_id)
    assert habit is not None
    assert (habit.channel, habit.of) == (Channel.WHATSAPP, 10)


def test_who_sits_in_a_chat_of_the_same_case_can_be_written_to_there_now(centre: Centre) -> None:
    mail = the(arrive(centre.email))
    chat = the(
        arrive(centre.chat, "v1", identity=claim("v-1", kind="visitor"), thread_token="v-1", case_id=mail.case_id)
    )
    Identity.objects.filter(value="v-1").update(customer=mail.customer)
    Interaction.objects.filter(pk=chat.pk).update(customer=mail.customer)

    def way() -> Any:
        return next(one for one in ways_for(mail, centre.alice) if one.inbox == centre.chat)

    assert "has left" in way().why_not
    guests.is_here(chat.public_id, seconds=60)
    assert (way().why_not, way().is_there) == ("", True)
    Interaction.objects.filter(pk=chat.pk).update(agent=centre.bob)
    assert "has the chat" in way().why_not
    Interaction.objects.filter(pk=chat.pk).update(agent=None)
    Identity.objects.filter(value="v-1").update(assurance=1)
    assert "vouches" in way().why_not
    Identity.objects.filter(value="v-1").update(assurance=2)
    going = Going(inbox_id=centre.chat.pk, identity_id=way().identity.pk)
    assert reply(mail.pk, centre.alice, "Are you there?", going=going).message.interaction_id == chat.pk
    guests.has_gone(chat.public_id)
    assert "has left" in way().why_not


def test_all_ways_stand_in_one_list_with_calls_and_chats_and_why_one_is_shut(centre: Centre) -> None:
    mail = the(arrive(centre.email))
    Identity.objects.create(customer=mail.customer, kind="phone", value="+4930901820", assurance=2)
    browser = Client()
    browser.force_login(centre.alice)
    shown = browser.get(f"/desk/{mail.public_id}/_ways/", HTTP_HX_REQUEST="true").text
    assert "Call <bdi>+49 30 901820</bdi>" in shown
    assert "You have no telephone at this desk." in shown
    assert "Ask over to the chat" in shown
    stranger = Client()
    stranger.force_login(make_user(team=None, email="stranger@example.test"))
    assert stranger.get(f"/desk/{mail.public_id}/_ways/", HTTP_HX_REQUEST="true").status_code == 404


def test_a_draft_keeps_its_template_its_gaps_the_moment_and_the_chat_it_offers(centre: Centre, whatsapp: Inbox) -> None:
    contact = by_whatsapp(whatsapp)
    services.accept_interaction(interaction_id=contact.pk, agent=centre.alice, by=centre.alice)
    browser = Client()
    browser.force_login(centre.alice)
    slot = f"{TEMPLATES[0].name}|{TEMPLATES[0].language}"
    kept = {"body": "", "draft_id": str(a_draft_id()), "is_note": ""}
    address = f"/desk/{contact.public_id}/draft/"
    moment = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    told = kept | {"template": slot, "parameter": ["Ann", ""], "later_at": moment}
    assert browser.post(address, told).status_code == 204
    draft = Draft.objects.get()
    assert (draft.template["parameters"], draft.send_at is not None) == (["Ann", ""], True)
    page = browser.get(f"/desk/{contact.public_id}/").text
    assert f'data-chosen="{slot}"' in page
    assert "data-templates" in page
    assert f'name="later_at" value="{moment}"' in page
    assert browser.post(address, kept | {"chat": str(centre.chat.public_id), "later_at": "half"}).status_code == 204
    draft.refresh_from_db()
    assert (draft.template, draft.send_at) == ({"chat": str(centre.chat.public_id)}, None)
    assert 'name="chat" value="' + str(centre.chat.public_id) in browser.get(f"/desk/{contact.public_id}/").text
    assert browser.post(address, kept).status_code == 204
    assert Draft.objects.count() == 0


def test_a_template_goes_while_free_words_may_be_sent_too_and_comes_back_whole_when_it_is_taken_back(
    centre: Centre, whatsapp: Inbox
) -> None:
    contact = by_whatsapp(whatsapp)
    template = {"name": TEMPLATES[0].name, "language": TEMPLATES[0].language, "parameters": ["Ann", "A-1"]}
    moment = timezone.now() + timedelta(hours=3)
    said = reply(contact.pk, centre.alice, "", going=Going(template=template, send_at=moment))
    assert said.message.body.startswith("Hello Ann")
    back = services.take_back(message_id=said.message.pk, by=centre.alice)
    assert (back.body, back.template, back.send_at) == ("", template, moment)
    offered = reply(contact.pk, centre.alice, "Come over", going=Going(chat_line_id=centre.chat.pk))
    back = services.take_back(message_id=offered.message.pk, by=centre.alice)
    assert (back.body, back.template) == ("Come over", {"chat": str(centre.chat.public_id)})
