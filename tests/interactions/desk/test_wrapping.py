"""The end of a contact, and its way to somebody else or to a later hour."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ccx.kernel.models import Team
from ccx.kernel.people.choices import Role
from interactions.cases.choices import CaseStatus, InteractionStatus, Outcome
from interactions.cases.models import ContactReason, Disposition, Message, Promise
from interactions.desk.selectors.handing_over import later_hours, targets
from interactions.desk.selectors.wrapping import find_reasons, often_chosen, wrap_up
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.handling.services import end_overdue_wrap_ups
from interactions.routing.models import Offer, Queue
from tests.factories.customers import CustomerCentre, make_contact, make_person
from tests.factories.desk import Hand, in_hand, make_hand
from tests.interactions.desk.test_context import as_htmx, at_desk, text_of


@pytest.fixture
def hand(centre: CustomerCentre) -> Hand:
    cache.clear()
    return make_hand(centre, InteractionStatus.WRAP_UP)


def finish(client: Client, hand: Hand, **said: str):
    whole = {"reason": str(hand.wrong.public_id), "is_resolved": "yes", "was_avoidable": "no"} | said
    return as_htmx(client, "post", "desk:wrap-up-form", hand.contact.public_id, **whole)


def test_finishing_says_everything_and_goes_on_to_the_next_contact(centre: CustomerCentre, hand: Hand):
    following = in_hand(centre, hand.customer, InteractionStatus.ACTIVE)
    solved = Disposition.objects.get(code="solved")
    due = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    gone = finish(
        at_desk(centre.bob),
        hand,
        disposition=str(solved.public_id),
        next_step="Send the corrected bill",
        next_step_at=due,
    )
    assert gone.headers["HX-Redirect"] == reverse("desk:conversation", args=[following.public_id])
    contact = hand.contact
    contact.refresh_from_db()
    assert (contact.status, contact.outcome, contact.reason, contact.disposition) == (
        InteractionStatus.CLOSED,
        Outcome.HANDLED,
        hand.wrong,
        solved,
    )
    assert (contact.is_resolved, contact.was_avoidable) == (True, False)
    assert Promise.objects.get().body == "Send the corrected bill"
    hand.case.refresh_from_db()
    assert hand.case.status == CaseStatus.RESOLVED


def test_without_javascript_finishing_leads_to_the_desk(centre: CustomerCentre, hand: Hand):
    gone = at_desk(centre.bob).post(
        reverse("desk:wrap-up-form", args=[hand.contact.public_id]),
        {"reason": str(hand.wrong.public_id), "is_resolved": "unknown"},
    )
    assert (gone.status_code, gone.headers["Location"]) == (302, reverse("desk:home"))
    hand.contact.refresh_from_db()
    assert (hand.contact.is_resolved, hand.contact.was_avoidable) == (None, None)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"reason": ""}, "Choose a reason."),
        ({"reason": "0190b3a4-0000-7000-8000-000000000000"}, "This reason is no longer in use."),
        ({"reason": "x' OR 1=1"}, "Choose a reason from the list."),
        ({"is_resolved": ""}, "Say whether it is resolved."),
        ({"is_resolved": "perhaps"}, "perhaps is not one of the available choices"),
        ({"next_step": "Call"}, "Say by when; it becomes a promise."),
        ({"next_step_at": "2027-01-01T10:00"}, "Say what the next step is."),
        ({"next_step": "Call", "next_step_at": "2020-01-01T10:00"}, "This moment is past."),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    centre: CustomerCentre, hand: Hand, said: dict[str, str], complaint: str
):
    again = finish(at_desk(centre.bob), hand, was_avoidable="yes", **said)
    assert again.status_code == 422
    assert complaint in text_of(again)
    assert re.search(r'name="was_avoidable" value="yes"\s+checked', again.content.decode())
    hand.contact.refresh_from_db()
    assert hand.contact.status == InteractionStatus.WRAP_UP
    assert not Promise.objects.exists()


def test_a_reason_that_was_closed_meanwhile_is_refused(centre: CustomerCentre, hand: Hand):
    ContactReason.objects.filter(code="billing").update(is_active=False)
    assert "no longer in use" in text_of(finish(at_desk(centre.bob), hand))


def test_only_its_agent_and_who_looks_after_the_floor_finish_it(centre: CustomerCentre, hand: Hand):
    peer = make_person("dora", Role.AGENT, centre.team)
    peer.grants.create(scope="team", target_id=centre.team.pk)
    assert "Bob is wrapping this up." in text_of(
        as_htmx(at_desk(peer), "get", "desk:wrap-up-form", hand.contact.public_id)
    )
    assert finish(at_desk(peer), hand).status_code == 404
    assert as_htmx(at_desk(peer), "post", "desk:not-a-contact", hand.contact.public_id).status_code == 404
    hand.contact.refresh_from_db()
    assert hand.contact.status == InteractionStatus.WRAP_UP
    assert finish(at_desk(centre.alice), hand).status_code == 200
    hand.contact.refresh_from_db()
    assert hand.contact.status == InteractionStatus.CLOSED


def test_what_was_no_contact_counts_nowhere(centre: CustomerCentre, hand: Hand):
    gone = as_htmx(at_desk(centre.bob), "post", "desk:not-a-contact", hand.contact.public_id)
    assert "HX-Redirect" in gone.headers
    hand.contact.refresh_from_db()
    assert (hand.contact.outcome, hand.contact.case) == (Outcome.NOT_A_CONTACT, None)
    again = as_htmx(at_desk(centre.bob), "post", "desk:not-a-contact", hand.contact.public_id)
    assert again.status_code == 422
    assert "closed" in text_of(again)


def test_a_wrap_up_that_ended_by_itself_is_said_afterwards(centre: CustomerCentre, hand: Hand):
    end_overdue_wrap_ups(timezone.now() + timedelta(minutes=5))
    bob = at_desk(centre.bob)
    asked = text_of(as_htmx(bob, "get", "desk:wrap-up-form", hand.contact.public_id))
    assert "Wrap-up ended by itself. Say what it was" in asked
    finish(bob, hand, is_resolved="no", was_avoidable="yes")
    contact = hand.contact
    contact.refresh_from_db()
    assert (contact.is_wrap_up_default, contact.is_resolved, contact.was_avoidable, contact.reason) == (
        False,
        False,
        True,
        hand.wrong,
    )
    hand.case.refresh_from_db()
    assert hand.case.status == CaseStatus.OPEN
    assert finish(bob, hand, is_resolved="yes").status_code == 404
    contact.refresh_from_db()
    assert contact.is_resolved is False


def test_after_a_day_nobody_completes_a_wrap_up_from_memory(centre: CustomerCentre, hand: Hand):
    old = timezone.now() - timedelta(days=1, minutes=1)
    make = {"status": InteractionStatus.CLOSED, "outcome": Outcome.HANDLED, "closed_at": old, "wrap_up_ends_at": None}
    type(hand.contact).objects.filter(pk=hand.contact.pk).update(
        started_at=old - timedelta(hours=1), is_wrap_up_default=True, **make
    )
    assert "Ended by itself" in text_of(
        as_htmx(at_desk(centre.bob), "get", "desk:wrap-up-form", hand.contact.public_id)
    )
    assert finish(at_desk(centre.bob), hand).status_code == 404


def test_the_panel_offers_what_came_with_it_their_last_reasons_and_what_the_queue_is_about(
    centre: CustomerCentre, hand: Hand
):
    now = timezone.now()
    make_contact(centre, hand.customer, reason=hand.wrong, started_at=now - timedelta(days=40))
    for _ in range(3):
        make_contact(centre, None, reason=centre.reason, started_at=now - timedelta(days=2))
    offered = wrap_up(hand.contact, centre.bob).suggestions
    assert [(row.choice.path, row.because) for row in offered] == [
        ("Delivery › Delivery is late", "came with this contact"),
        ("Billing › Invoice is wrong", "from their last contacts"),
        ("Wrong bill", "often chosen here"),
    ]


def test_what_is_often_chosen_counts_only_this_queue_and_is_remembered(
    centre: CustomerCentre, hand: Hand, django_assert_num_queries
):
    other = Queue.objects.create(name="Other")
    make_contact(centre, None, reason=hand.wrong, queue=other, started_at=timezone.now())
    make_contact(centre, None, reason=hand.late, started_at=timezone.now() - timedelta(days=31))
    make_contact(centre, None, reason=centre.reason, started_at=timezone.now())
    # The contact in hand has its reason on this queue, too.
    assert set(often_chosen(centre.queue.pk)) == {centre.reason.pk, hand.late.pk}
    with django_assert_num_queries(0):
        often_chosen(centre.queue.pk)


def test_reasons_are_found_by_every_word_of_their_path(centre: CustomerCentre, hand: Hand):
    assert [row.path for row in find_reasons("late")] == ["Delivery › Delivery is late"]
    assert [row.path for row in find_reasons("WRONG bill")] == ["Wrong bill", "Billing › Invoice is wrong"]
    assert find_reasons("<script>") == []
    ContactReason.objects.filter(code="delivery").update(is_active=False)
    assert find_reasons("late") == []
    listed = as_htmx(at_desk(centre.bob), "get", "desk:reasons", q="<script>")
    assert "No reason fits “&lt;script&gt;”." in text_of(listed)


def test_a_centre_without_reasons_can_finish(centre: CustomerCentre, hand: Hand):
    type(hand.contact).objects.update(reason=None)
    type(hand.case).objects.update(reason=None)
    ContactReason.objects.update(is_active=False)
    assert "HX-Redirect" in finish(at_desk(centre.bob), hand, reason="").headers


def test_the_panel_costs_the_same_for_three_reasons_and_for_three_hundred(
    centre: CustomerCentre, hand: Hand, queries_do_not_grow
):
    bob = at_desk(centre.bob)

    def add_rows() -> None:
        ContactReason.objects.bulk_create(
            [ContactReason(code=f"r{number}", name=f"Reason {number}", parent=hand.wrong) for number in range(300)]
        )

    number = queries_do_not_grow(lambda: as_htmx(bob, "get", "desk:wrap-up-form", hand.contact.public_id), add_rows)
    # Session and user (2), grants, the contact; reasons, outcomes, their last contacts.
    assert number == 7


# Handing over


@pytest.fixture
def talking(centre: CustomerCentre) -> Hand:
    return make_hand(centre)


def test_a_contact_is_handed_to_a_queue_with_a_note_that_only_we_see(centre: CustomerCentre, talking: Hand):
    queue = Queue.objects.create(name="Delivery first line", team=centre.other_team)
    gone = as_htmx(
        at_desk(centre.bob),
        "post",
        "desk:transfer-form",
        talking.contact.public_id,
        to=f"queue:{queue.public_id}",
        note="Knows about the delay",
    )
    assert gone.headers["HX-Redirect"] == reverse("desk:home")
    talking.contact.refresh_from_db()
    assert (talking.contact.status, talking.contact.queue, talking.contact.agent) == ("waiting", queue, None)
    note = Message.objects.get(body="Knows about the delay")
    assert (note.is_note, note.author) == (True, centre.bob)


def test_a_contact_rings_at_the_colleague_it_is_handed_to(centre: CustomerCentre, talking: Hand):
    as_htmx(
        at_desk(centre.bob),
        "post",
        "desk:transfer-form",
        talking.contact.public_id,
        to=f"agent:{centre.alice.public_id}",
        note="",
    )
    assert Offer.objects.ringing().get(interaction=talking.contact).agent == centre.alice


def test_the_list_says_who_is_there_how_busy_and_what_happens(centre: CustomerCentre, talking: Hand):
    PresenceSpan.objects.create(agent=centre.alice, state=PresenceState.AVAILABLE, started_at=timezone.now())
    in_hand(centre, talking.customer, InteractionStatus.ACTIVE, agent=centre.alice)
    make_contact(centre, None, status="waiting", outcome=None, closed_at=None, agent=None)
    hidden = Queue.objects.create(name="Claims line", team=centre.other_team)
    make_contact(centre, None, status="waiting", outcome=None, closed_at=None, agent=None, queue=hidden)
    told = {row.name: row for row in targets(talking.contact, centre.bob)}
    assert set(told) == {"Alice", "Bills", "Claims line"}
    alice = told["Alice"]
    assert (alice.team, alice.presence, alice.load) == ("Billing", "Available", "1 of 3 in hand")
    assert alice.says == "Rings at Alice for 30 s. If it is not answered there, it goes back to Bills."
    assert told["Bills"].load == "1 waiting"
    # How many wait elsewhere is the business of who sees that queue.
    assert told["Claims line"].load == ""
    assert [row.name for row in targets(talking.contact, centre.bob, "claims")] == ["Claims line"]


@pytest.mark.parametrize("who", ["charlie", "bob", "machine", "closed"])
def test_nobody_else_can_be_handed_a_contact(centre: CustomerCentre, talking: Hand, who: str):
    people = {
        "charlie": make_person("stranger", Role.AGENT, Team.objects.create(name="Far away")),
        "bob": centre.bob,
        "machine": centre.machine,
        "closed": make_person("closed", Role.AGENT, centre.team),
    }
    person = people[who]
    if who == "closed":
        person.is_active = False
        person.save()
    got = as_htmx(
        at_desk(centre.bob),
        "post",
        "desk:transfer-form",
        talking.contact.public_id,
        to=f"agent:{person.public_id}",
    )
    talking.contact.refresh_from_db()
    assert got.status_code == 422
    assert (talking.contact.status, talking.contact.agent) == (InteractionStatus.ACTIVE, centre.bob)
    assert "cannot go there" in text_of(got)


def test_who_looks_after_the_floor_hands_over_what_others_have(centre: CustomerCentre, talking: Hand):
    peer = make_person("dora", Role.AGENT, centre.team)
    peer.grants.create(scope="team", target_id=centre.team.pk)
    goal = {"to": f"agent:{peer.public_id}"}
    mine = as_htmx(at_desk(peer), "post", "desk:transfer-form", talking.contact.public_id, **goal)
    assert mine.status_code == 404
    assert as_htmx(at_desk(peer), "get", "desk:snooze-form", talking.contact.public_id).status_code == 404
    as_htmx(at_desk(centre.alice), "post", "desk:transfer-form", talking.contact.public_id, **goal)
    assert Offer.objects.ringing().get(interaction=talking.contact).agent == peer


def test_targets_cost_the_same_for_two_people_and_for_fifty(centre: CustomerCentre, talking: Hand, queries_do_not_grow):
    bob = at_desk(centre.bob)

    def add_rows() -> None:
        for number in range(50):
            person = make_person(f"agent{number}", Role.AGENT, centre.team)
            PresenceSpan.objects.create(agent=person, state=PresenceState.BUSY, started_at=timezone.now())
            Queue.objects.create(name=f"Line {number}", team=centre.team)

    queries_do_not_grow(lambda: as_htmx(bob, "get", "desk:transfer-form", talking.contact.public_id), add_rows)


# Later


def test_a_contact_sleeps_until_the_hour_that_was_meant(centre: CustomerCentre, talking: Hand):
    centre.bob.time_zone = "America/New_York"
    centre.bob.save()
    as_htmx(at_desk(centre.bob), "post", "desk:snooze-form", talking.contact.public_id, choice="monday")
    talking.contact.refresh_from_db()
    here = talking.contact.snoozed_until.astimezone(ZoneInfo("America/New_York"))
    assert (talking.contact.status, here.weekday(), here.hour, here.minute) == ("pending", 0, 9, 0)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"choice": ""}, "Choose until when."),
        ({"choice": "never"}, "This hour is past."),
        ({"choice": "custom"}, "Say which day and time."),
        ({"choice": "custom", "custom": "2020-01-01T10:00"}, "This moment is past."),
        ({"choice": "custom", "custom": "2099-01-01T10:00"}, "This is more than a year away."),
        ({"choice": "custom", "custom": "soon"}, "Enter a valid date/time."),
    ],
)
def test_an_hour_that_cannot_be_is_refused_beside_its_field(
    centre: CustomerCentre, talking: Hand, said: dict[str, str], complaint: str
):
    got = as_htmx(at_desk(centre.bob), "post", "desk:snooze-form", talking.contact.public_id, **said)
    talking.contact.refresh_from_db()
    assert (got.status_code, talking.contact.status) == (422, InteractionStatus.ACTIVE)
    assert complaint in text_of(got)


@pytest.mark.parametrize(
    ("now", "keys"),
    [
        (datetime(2026, 11, 25, 9, 30, tzinfo=UTC), ["hour", "afternoon", "tomorrow", "monday"]),
        (datetime(2026, 11, 25, 15, 30, tzinfo=UTC), ["hour", "evening", "tomorrow", "monday"]),
        (datetime(2026, 11, 25, 22, 30, tzinfo=UTC), ["hour", "tomorrow", "monday"]),
        # On a Sunday tomorrow is Monday: said once.
        (datetime(2026, 11, 29, 22, 30, tzinfo=UTC), ["hour", "tomorrow"]),
    ],
)
def test_only_hours_that_are_still_to_come_are_offered(centre: CustomerCentre, now: datetime, keys: list[str]):
    assert [hour.value for hour in later_hours(centre.bob, now)] == keys
