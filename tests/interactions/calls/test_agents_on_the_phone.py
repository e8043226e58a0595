"""What agents do in a call and with one: consult, bring in, record, call out; and what keeps them from costing us."""

import jwt
import pytest

from interactions.calls import services as calls
from interactions.calls.errors import (
    CallIsRunningError,
    CannotBeControlledError,
    NobodyToConsultError,
    NoCallError,
    NoSoftphoneError,
    NothingIsRecordedError,
    NoVoiceLineError,
    NumberIsNotAllowedError,
    NumberIsNotAttestedError,
    TooManyCallsError,
)
from interactions.calls.minding import fetch_recordings
from interactions.calls.models import Recording
from interactions.calls.selectors import call_of, softphone_lines, standing
from interactions.calls.selectors.dialling import allowed_number
from interactions.cases.choices import InteractionStatus, Outcome, SegmentEnd
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance
from interactions.handling import services as handling
from interactions.intake.services import receive
from interactions.models import Interaction
from tests.factories.contacts import Centre, claim
from tests.factories.contacts import contact as a_contact
from tests.factories.telephones import CALLER, FLOW, a_line, a_pbx, stretches, the_call, workers
from tests.stand_ins.phone_company import Leg, PhoneCompany


def talking(company: PhoneCompany, line: Inbox, centre: Centre) -> tuple[Interaction, Leg, Leg]:
    customer = company.call(CALLER, line)
    company.press(customer, "1")
    workers(company)
    interaction = Interaction.objects.latest("pk")
    handling.accept_interaction(interaction_id=interaction.pk, agent=centre.alice, by=centre.alice)
    workers(company)
    agent = company.ringing("client:agent-")
    company.pick_up(agent)
    workers(company)
    return interaction, customer, agent


def a_mail_of(centre: Centre, number: str, assurance: int = Assurance.ATTESTED) -> Interaction:
    """A contact by mail of a customer whose phone number somebody vouches for."""
    told = a_contact(centre.email, "m1", identity=claim(number, assurance, kind="phone"))
    receipt = receive(contact=told, by_id=None)
    return Interaction.objects.get(pk=receipt.interaction_id)


def test_a_warm_transfer_asks_first_and_leaves_the_customer_with_the_colleague(
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    interaction, customer, alice = talking(company, line, centre)
    company.tick(40)
    with pytest.raises(NobodyToConsultError):
        calls.consult(interaction_id=interaction.pk, agent=centre.alice, by=centre.alice)
    calls.consult(interaction_id=interaction.pk, agent=centre.bob, by=centre.alice)
    workers(company)
    assert customer.is_held
    with pytest.raises(NobodyToConsultError):
        calls.complete_transfer(interaction_id=interaction.pk, by=centre.alice)
    company.tick(5)
    bob = company.ringing(f"agent-{centre.bob.public_id.hex}")
    company.pick_up(bob)
    workers(company)
    view = standing(the_call())
    assert (view.consulted, view.is_consulted_there, view.is_held) == ("Bob", True, True)
    company.tick(20)
    calls.complete_transfer(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert alice.is_over
    assert not customer.is_held
    company.tick(30)
    company.hang_up(customer)
    workers(company)
    interaction.refresh_from_db()
    assert (interaction.agent, interaction.status) == (centre.bob, InteractionStatus.WRAP_UP)
    told = [one for one in stretches(interaction) if one[0] in {"talk", "hold"} and one[1] > 0]
    assert told == [("talk", 40, "Alice"), ("hold", 25, "Alice"), ("talk", 50, "Bob")]
    assert interaction.segments.filter(ended_by=SegmentEnd.TRANSFER_AGENT, agent=centre.alice).exists()


def test_who_was_asked_may_join_or_go_again(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    interaction, customer, _alice = talking(company, line, centre)
    calls.consult(interaction_id=interaction.pk, number="+441134960999", by=centre.alice)
    workers(company)
    company.tick(3)
    expert = company.ringing("+441134960999")
    company.pick_up(expert)
    workers(company)
    calls.join_all(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert not customer.is_held
    assert len(company.rooms[str(the_call().public_id)].legs) == 3
    calls.cancel_consult(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert expert.is_over
    calls.hang_up(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert customer.is_over
    assert the_call().ended_by == "agent"


def test_a_recording_is_announced_paused_for_a_card_number_and_fetched(company: PhoneCompany, centre: Centre) -> None:
    line = a_line(company, centre, flow=FLOW, recording="asked", consent={"en": "This call may be recorded."})
    interaction, customer, _alice = talking(company, line, centre)
    assert customer.heard[0] == "This call may be recorded."
    calls.start_recording(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    calls.pause_recording(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    recording = Recording.objects.get()
    assert recording.state == Recording.State.PAUSED
    assert company.recordings[recording.provider_id]["status"] == "paused"
    assert company.asked[-1][2]["PauseBehavior"] == ["skip"]
    calls.resume_recording(interaction_id=interaction.pk, by=centre.alice)
    calls.stop_recording(interaction_id=interaction.pk, by=centre.alice)
    workers(company)
    assert company.recordings[recording.provider_id]["status"] == "stopped"
    company.finish_recording(recording.provider_id, 33)
    fetch_recordings()
    recording.refresh_from_db()
    assert (recording.state, recording.seconds) == (Recording.State.KEPT, 33)


def test_a_line_that_announces_nothing_records_nothing(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    interaction, _customer, _alice = talking(company, line, centre)
    with pytest.raises(NothingIsRecordedError):
        calls.start_recording(interaction_id=interaction.pk, by=centre.alice)
    with pytest.raises(NothingIsRecordedError):
        calls.pause_recording(interaction_id=interaction.pk, by=centre.alice)


def test_a_customer_of_a_mail_is_called_in_a_contact_of_the_same_case(
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    mail = a_mail_of(centre, CALLER)
    call = calls.dial_customer(interaction_id=mail.pk, by=centre.alice)
    with pytest.raises(CallIsRunningError):
        calls.dial_customer(interaction_id=mail.pk, by=centre.alice)
    workers(company)
    company.tick(2)
    company.pick_up(company.ringing("client:agent-"))
    workers(company)
    company.tick(8)
    customer = company.ringing(CALLER)
    assert customer.caller == line.address
    company.pick_up(customer)
    workers(company)
    company.tick(61)
    company.hang_up(customer)
    workers(company)
    interaction = Interaction.objects.get(pk=call.interaction_id)
    assert (interaction.case, interaction.direction) == (mail.case, 2)
    assert interaction.status == InteractionStatus.WRAP_UP
    assert stretches(interaction)[:2] == [("ring", 2, "Alice"), ("talk", 61, "Alice")]
    found = call_of(interaction)
    assert found is not None
    assert found.provider_id == customer.sid


@pytest.mark.parametrize("how", ["busy", "no-answer", "failed"])
def test_a_customer_who_is_not_reached_is_no_contact(
    company: PhoneCompany, line: Inbox, centre: Centre, how: str
) -> None:
    mail = a_mail_of(centre, CALLER)
    call = calls.dial_customer(interaction_id=mail.pk, by=centre.alice)
    workers(company)
    company.pick_up(company.ringing("client:agent-"))
    workers(company)
    company.do_not_answer(company.ringing(CALLER), how)
    workers(company)
    interaction = Interaction.objects.get(pk=call.interaction_id)
    assert interaction.outcome == Outcome.NOT_A_CONTACT
    assert all(leg.is_over for leg in company.legs.values())


def test_nobody_is_called_who_may_not_be(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    claimed = a_mail_of(centre, CALLER, Assurance.CLAIMED)
    with pytest.raises(NumberIsNotAttestedError):
        calls.dial_customer(interaction_id=claimed.pk, by=centre.alice)
    for number in ("+12025550123", "+15005550006", "+449098790000", "+4481234"):
        with pytest.raises(NumberIsNotAllowedError):
            allowed_number(line, number)
    assert company.asked == []


def test_a_line_begins_no_more_calls_in_a_minute_than_its_budget(company: PhoneCompany, centre: Centre) -> None:
    a_line(company, centre, calls_per_minute=1)
    first = a_mail_of(centre, CALLER)
    told = a_contact(centre.email, "m2", identity=claim("+447700900789", kind="phone"))
    second = receive(contact=told, by_id=None).interaction_id
    calls.dial_customer(interaction_id=first.pk, by=centre.alice)
    with pytest.raises(TooManyCallsError):
        calls.dial_customer(interaction_id=second or 0, by=centre.alice)
    company.tick(61)
    calls.dial_customer(interaction_id=second or 0, by=centre.alice)


def test_a_browser_may_take_calls_and_make_none(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    token = calls.token_for(inbox_id=line.pk, agent=centre.alice)
    told = jwt.decode(token.token, "x" * 32, algorithms=["HS256"])
    assert told["grants"]["identity"] == token.identity == f"agent-{centre.alice.public_id.hex}"
    assert told["grants"]["voice"] == {"incoming": {"allow": True}}
    assert softphone_lines(centre.alice) == [line]
    with pytest.raises(NoSoftphoneError):
        calls.token_for(inbox_id=centre.email.pk, agent=centre.alice)


def test_a_telephone_that_only_tells_takes_no_orders(company: PhoneCompany, centre: Centre) -> None:
    a_pbx(centre)
    mail = a_mail_of(centre, CALLER)
    with pytest.raises(NoVoiceLineError):
        calls.dial_customer(interaction_id=mail.pk, by=centre.alice)
    with pytest.raises(NoCallError):
        calls.hang_up(interaction_id=mail.pk, by=centre.alice)
    assert CannotBeControlledError.code == "cannot_be_controlled"


def test_an_agents_own_telephone_asks_for_a_key_before_it_has_the_customer(
    company: PhoneCompany, centre: Centre
) -> None:
    line = a_line(company, centre, flow=FLOW, agent_numbers={centre.alice.email: "+441134960777"})
    customer = company.call(CALLER, line)
    company.press(customer, "1")
    workers(company)
    interaction = Interaction.objects.latest("pk")
    handling.accept_interaction(interaction_id=interaction.pk, agent=centre.alice, by=centre.alice)
    workers(company)
    phone = company.ringing("+441134960777")
    company.pick_up(phone)
    assert phone.heard == ["A call for you. Press any key to take it."]
    assert the_call().answered_at is None
    company.press(phone, "5")
    workers(company)
    assert the_call().answered_at is not None
