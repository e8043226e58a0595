"""How calls end that are not simply answered: left, never heard of again, given to the voicemail, called back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ccx.kernel.events.pumping import pump
from interactions.calls import services as calls
from interactions.calls.errors import NoVoiceLineError
from interactions.calls.minding import bring_back_the_lost, fetch_recordings, look_after_the_silent
from interactions.calls.models import Call, Callback, CallState, Recording
from interactions.calls.readers import CALLS
from interactions.calls.selectors import missed_calls, recordings_of
from interactions.cases.choices import Direction, InteractionStatus, Outcome, SegmentEnd, SegmentKind
from interactions.cases.models import Attachment
from interactions.channels.models import Inbox
from interactions.handling import services as handling
from interactions.handling.services import offer_waiting_work, set_presence
from interactions.models import Interaction, Message, Offer
from tests.factories.contacts import Centre
from tests.factories.telephones import CALLER, a_line, stretches, the_call, workers
from tests.stand_ins.phone_company import Leg, PhoneCompany


def contact() -> Interaction:
    return Interaction.objects.latest("pk")


def queued(company: PhoneCompany, line: Inbox, caller: str = CALLER) -> Leg:
    leg = company.call(caller, line)
    company.tick(10)
    company.press(leg, "1")
    workers(company)
    return leg


def test_who_hangs_up_in_the_menu_has_abandoned_before_any_queue(company: PhoneCompany, line: Inbox) -> None:
    leg = company.call(CALLER, line)
    company.tick(7)
    company.hang_up(leg)
    assert contact().outcome == Outcome.ABANDONED
    assert stretches(contact()) == [("ivr", 7, "")]
    assert contact().queue is None
    assert contact().case is None


def test_who_hangs_up_in_the_queue_has_abandoned_it_and_is_missed(
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    leg = queued(company, line)
    company.tick(3)
    company.hang_up(leg)
    workers(company)
    ended = contact()
    assert (ended.outcome, stretches(ended)) == (Outcome.ABANDONED, [("ivr", 10, ""), ("queue", 3, "")])
    assert ended.segments.get(kind=SegmentKind.QUEUE).ended_by == SegmentEnd.CUSTOMER_LEFT
    boss = centre.alice
    boss.role = "administrator"
    boss.save()
    assert list(missed_calls(boss)) == [ended]
    stranger = centre.bob
    stranger.team = None
    stranger.save()
    assert list(missed_calls(stranger)) == []


def test_a_menu_that_serves_alone_ends_as_such(company: PhoneCompany, line: Inbox) -> None:
    leg = company.call(CALLER, line)
    company.press(leg, "3")
    assert leg.heard[-1] == "Your parcel is on its way."
    assert leg.is_over
    assert contact().outcome == Outcome.SELF_SERVED


def test_silence_leads_on_after_as_many_tries_as_the_menu_has(company: PhoneCompany, line: Inbox) -> None:
    leg = company.call(CALLER, line)
    company.say_nothing(leg)
    assert leg.queue is None
    company.press(leg, "9")
    assert leg.queue is not None
    assert the_call().state == CallState.QUEUED


def test_a_flow_in_a_circle_ends_after_twenty_steps(company: PhoneCompany, centre: Centre) -> None:
    circle = {
        "start": "a",
        "steps": {
            "a": {"kind": "say", "text": "Round", "next": "b"},
            "b": {"kind": "say", "text": "and round", "next": "a"},
            "c": {"kind": "queue", "queue": "Service"},
        },
    }
    leg = company.call(CALLER, a_line(company, centre, flow=circle))
    assert leg.heard.count("Round") == 10
    assert leg.queue is not None


def test_a_line_without_a_menu_waits_in_its_queue_at_once(company: PhoneCompany, centre: Centre) -> None:
    leg = company.call(CALLER, a_line(company, centre))
    assert leg.queue is not None
    assert contact().queue == centre.queue
    company.tick(4)
    company.hang_up(leg)
    assert stretches(contact()) == [("queue", 4, "")]


def test_a_voicemail_becomes_work_with_a_file_that_only_who_may_see_it_hears(
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    leg = company.call(CALLER, line)
    company.press(leg, "2")
    assert the_call().state == CallState.VOICEMAIL
    recording = company.speak(leg, 12)
    assert leg.heard[-1] == "Thank you. We come back to you."
    workers(company)
    waiting = contact()
    assert (waiting.status, waiting.queue, waiting.outcome) == ("waiting", centre.queue, None)
    # Nobody waits on the line: no clock runs.
    assert stretches(waiting) == [("ivr", 12, "")]
    assert fetch_recordings() == 1
    message = Message.objects.get()
    assert (message.body, message.author_kind) == ("Voicemail, 12 seconds", "customer")
    file = Attachment.objects.get()
    assert (file.state, file.message) == (Attachment.State.KEPT, message)
    with file.file.open() as sound:
        assert sound.read() == b"ID3 sound of " + recording.encode()
    assert [one.provider_id for one in recordings_of(waiting, centre.alice)] == []
    centre.alice.role = "administrator"
    centre.alice.save()
    assert [one.provider_id for one in recordings_of(waiting, centre.alice)] == [recording]

    handling.accept_interaction(interaction_id=waiting.pk, agent=centre.alice, by=centre.alice)
    workers(company)
    company.tick(30)
    handling.close_interaction(interaction_id=waiting.pk, by=centre.alice)
    workers(company)
    assert contact().outcome == Outcome.HANDLED
    assert stretches(contact()) == [("ivr", 12, ""), ("talk", 30, "Alice")]


def test_a_recording_that_cannot_be_fetched_is_tried_again_and_given_up_in_the_end(
    company: PhoneCompany, line: Inbox
) -> None:
    leg = company.call(CALLER, line)
    company.press(leg, "2")
    company.speak(leg, 5)
    company.refuses = lambda _method, path: 503 if "Recordings" in path else None
    for _try in range(9):
        company.tick(3700)
        fetch_recordings()
    recording = Recording.objects.get()
    assert (recording.state, recording.attempts) == (Recording.State.LOST, 8)
    assert Attachment.objects.get().state == Attachment.State.LOST


def test_callbacks_keep_their_place_are_one_per_number_and_are_tried_again(  # noqa: PLR0915 - a whole story
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    first = queued(company, line)
    company.tick(60)
    second = queued(company, line, "+447700900789")
    company.tick(5)
    company.wait_more(first)
    company.press(first, "7")
    assert first.heard[-1].startswith("Thank you. We call you back")
    asked = Interaction.objects.order_by("pk").first()
    assert asked is not None
    assert asked.outcome == Outcome.CALLBACK
    assert asked.segments.get(kind=SegmentKind.QUEUE).ended_by == SegmentEnd.CALLBACK
    again = queued(company, line)
    company.wait_more(again)
    company.press(again, "7")
    callback = Callback.objects.get()
    assert callback.place_at == asked.started_at

    assert calls.start_due_callbacks() == 1
    callback.refresh_from_db()
    back = callback.interaction
    assert back is not None
    assert (back.direction, back.case, back.customer) == (2, asked.case, asked.customer)
    # The second caller came a minute later, and is offered after the first although the first has hung up.
    centre.alice.refresh_from_db()
    set_presence(agent=centre.alice, state="available", by=centre.alice)
    from interactions.routing.models import AgentDesk

    AgentDesk.objects.update_or_create(agent=centre.alice, defaults={"seen_at": timezone.now()})
    offer_waiting_work()
    assert Offer.objects.get(agent=centre.alice).interaction == back

    handling.accept_interaction(interaction_id=back.pk, agent=centre.alice, by=centre.alice)
    workers(company)
    company.pick_up(company.ringing("client:agent-"))
    workers(company)
    company.tick(20)
    company.do_not_answer(company.ringing(CALLER))
    workers(company)
    callback.refresh_from_db()
    back.refresh_from_db()
    assert (callback.state, callback.attempts, back.outcome) == ("waiting", 1, Outcome.NOT_A_CONTACT)
    assert callback.next_try_at > timezone.now() + timedelta(minutes=14)
    assert not second.is_over

    company.tick(16 * 60)
    assert calls.start_due_callbacks() == 1
    callback.refresh_from_db()
    handling.accept_interaction(interaction_id=callback.interaction_id or 0, agent=centre.alice, by=centre.alice)
    workers(company)
    company.pick_up(company.ringing("client:agent-"))
    workers(company)
    company.tick(6)
    customer = company.ringing(CALLER)
    company.pick_up(customer)
    company.tick(50)
    company.hang_up(customer)
    workers(company)
    callback.refresh_from_db()
    assert callback.state == Callback.State.REACHED
    assert ("talk", 50, "Alice") in stretches(Interaction.objects.get(pk=callback.interaction_id))


def test_who_was_not_called_back_after_all_may_ask_again(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    for _time in range(2):
        leg = queued(company, line)
        company.wait_more(leg)
        company.press(leg, "7")
        assert calls.start_due_callbacks() == 1
        back = Callback.objects.get(state=Callback.State.CALLING).interaction
        assert back is not None
        handling.close_interaction(interaction_id=back.pk, outcome=Outcome.NOT_A_CONTACT, by=centre.alice)
        workers(company)
    assert list(Callback.objects.values_list("state", flat=True)) == [Callback.State.CANCELLED] * 2


def test_nobody_is_called_back_on_a_number_that_the_line_may_not_call(company: PhoneCompany, line: Inbox) -> None:
    # One that bills whoever calls it, and one abroad: what a caller shows can be made up.
    for shown in ("+449098790000", "+12025550143"):
        leg = queued(company, line, shown)
        company.wait_more(leg)
        company.press(leg, "7")
        assert not leg.is_over
        assert contact().status == InteractionStatus.WAITING
    assert Callback.objects.count() == 0


def test_a_callback_is_given_up_after_its_days(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    leg = queued(company, line)
    company.wait_more(leg)
    company.press(leg, "7")
    company.tick(4 * 24 * 3600)
    assert calls.start_due_callbacks() == 0
    callback = Callback.objects.get()
    assert callback.state == Callback.State.GIVEN_UP

    # A person may begin it anew, once the line can call.
    centre.alice.role = "administrator"
    centre.alice.save()
    Inbox.objects.filter(pk=line.pk).update(is_active=False)
    with pytest.raises(NoVoiceLineError):
        calls.call_back(callback_id=callback.pk, by=centre.alice)
    Inbox.objects.filter(pk=line.pk).update(is_active=True)
    again = calls.call_back(callback_id=callback.pk, by=centre.alice)
    assert (again.state, again.place_at, again.attempts) == (Callback.State.CALLING, callback.place_at, 0)


def test_a_callback_whose_line_was_switched_off_waits_and_holds_up_no_other_call(
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    leg = queued(company, line)
    company.wait_more(leg)
    company.press(leg, "7")
    assert calls.start_due_callbacks() == 1
    callback = Callback.objects.get()
    assert callback.interaction is not None
    queued(company, line, "+447700900789")
    other = the_call()
    Inbox.objects.filter(pk=line.pk).update(is_active=False)
    for number in (callback.interaction_id, contact().pk):
        handling.accept_interaction(interaction_id=number or 0, agent=centre.alice, by=centre.alice)
    pump(seconds=20.0, readers=[CALLS])

    # The call that runs is brought to its agent.
    assert other.events.filter(kind="order_dial_agent").exists()
    assert Call.objects.filter(direction=Direction.OUTBOUND).count() == 0
    place = callback.place_at
    callback.refresh_from_db()
    assert callback.interaction is not None
    assert (callback.state, callback.place_at, callback.attempts) == (Callback.State.WAITING, place, 0)
    assert callback.interaction.outcome == Outcome.NOT_A_CONTACT
    company.tick(16 * 60)
    assert calls.start_due_callbacks() == 0
    Inbox.objects.filter(pk=line.pk).update(is_active=True)
    workers(company)
    company.tick(16 * 60)
    assert calls.start_due_callbacks() == 1


def test_a_call_whose_end_was_never_told_is_looked_up(company: PhoneCompany, line: Inbox) -> None:
    leg = queued(company, line)
    company.tick(20)
    leg.status_url = ""
    company.delivers_at_once = False
    company.hang_up(leg)
    company.notices.clear()
    company.tick(30)
    assert look_after_the_silent() == 0
    company.tick(60)
    assert look_after_the_silent() == 1
    ended = contact()
    assert (ended.outcome, stretches(ended)) == (Outcome.ABANDONED, [("ivr", 10, ""), ("queue", 20, "")])


def test_a_silent_call_that_goes_on_goes_on(company: PhoneCompany, line: Inbox) -> None:
    queued(company, line)
    company.tick(90)
    assert look_after_the_silent() == 0
    assert the_call().ended_at is None
    assert the_call().heard_at == timezone.now()


def test_a_lost_browser_loses_no_customer(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    leg = queued(company, line)
    handling.accept_interaction(interaction_id=contact().pk, agent=centre.alice, by=centre.alice)
    workers(company)
    agent = company.ringing("client:agent-")
    company.pick_up(agent)
    company.tick(30)
    company.hang_up(agent)
    workers(company)
    assert contact().status == "active"
    company.tick(4)
    assert bring_back_the_lost() == 1
    workers(company)
    assert (contact().status, contact().agent) == ("waiting", None)
    assert leg.queue is not None
    assert the_call().state == CallState.QUEUED


def test_an_agent_whose_telephone_is_not_answered_hands_the_caller_back(
    company: PhoneCompany, line: Inbox, centre: Centre
) -> None:
    leg = queued(company, line)
    handling.accept_interaction(interaction_id=contact().pk, agent=centre.alice, by=centre.alice)
    workers(company)
    company.tick(25)
    company.do_not_answer(company.ringing("client:agent-"))
    company.tick(4)
    bring_back_the_lost()
    workers(company)
    assert (contact().status, leg.queue is not None) == ("waiting", True)
    company.tick(5)
    company.hang_up(leg)
    assert (contact().outcome, contact().first_answered_at) == (Outcome.ABANDONED, None)
    assert [one for one in stretches(contact()) if one[0] == "ring"] == [("ring", 25, "Alice")]


def test_a_company_that_makes_no_leg_hands_the_caller_back(company: PhoneCompany, line: Inbox, centre: Centre) -> None:
    queued(company, line)
    company.refuses = lambda method, path: 400 if path.endswith("/Calls.json") else None
    handling.accept_interaction(interaction_id=contact().pk, agent=centre.alice, by=centre.alice)
    workers(company)
    company.tick(4)
    bring_back_the_lost()
    workers(company)
    assert contact().status == "waiting"
    assert Call.objects.get().ended_at is None
