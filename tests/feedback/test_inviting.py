"""Whom we ask, and whom we leave in peace."""

from datetime import timedelta
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from ccx.kernel.events.log import announce
from ccx.kernel.events.models import EventRow, Origin
from ccx.kernel.events.pumping import pump_everything
from feedback.models import Invitation
from feedback.surveys.reader import SURVEY_INVITATIONS
from feedback.surveys.services import invite_customers
from feedback.surveys.services.inviting import falls_into_the_share
from interactions.cases.choices import Direction, InteractionStatus, Outcome
from interactions.cases.events import InteractionClosed
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, ConsentState
from interactions.customers.services import erase_customer, merge_customers, undo_merge
from interactions.models import Consent, Preference
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_customer_centre, make_identity
from tests.factories.surveys import a_customer, a_survey, just_closed

pytestmark = pytest.mark.django_db


def invite(*contacts) -> int:
    return invite_customers(interaction_ids=[contact.pk for contact in contacts])


def test_a_handled_contact_of_a_known_customer_is_asked_about_once(centre: CustomerCentre) -> None:
    survey = a_survey(centre, delay_minutes=7)
    contact = just_closed(centre, a_customer("Ann", language="de-AT"))

    assert [invite(contact), invite(contact)] == [1, 0]

    invitation = Invitation.objects.get()
    assert (invitation.survey, invitation.interaction, invitation.language) == (survey, contact, "de-AT")
    assert invitation.due_at == contact.closed_at + timedelta(minutes=7)
    assert (invitation.state, invitation.secret_hash) == (Invitation.State.QUEUED, None)


def test_nobody_is_asked_without_a_survey(centre: CustomerCentre) -> None:
    contact = just_closed(centre, a_customer("Ann"))
    assert invite(contact) == 0
    a_survey(centre, is_active=False)
    assert invite(contact) == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": Outcome.NOT_A_CONTACT},
        {"outcome": Outcome.ABANDONED},
        {"outcome": Outcome.SELF_SERVED},
        {"direction": Direction.OUTBOUND},
        {"assurance": Assurance.CLAIMED},
        {"status": InteractionStatus.WAITING, "outcome": None, "closed_at": None},
    ],
    ids=["no contact", "abandoned", "self-served", "ours", "only claimed", "running"],
)
def test_only_handled_contacts_of_attested_customers_are_asked_about(centre: CustomerCentre, fields: dict) -> None:
    a_survey(centre)
    assert invite(make_contact(centre, a_customer("Ann"), "Hi", **({"started_at": timezone.now()} | fields))) == 0


def test_without_an_address_we_can_rely_on_nobody_is_asked(centre: CustomerCentre) -> None:
    a_survey(centre)
    nobody, claimed, by_phone = make_customer("Ann"), make_customer("Ben"), make_customer("Cem")
    make_identity(claimed, "ben@customer.test", assurance=Assurance.CLAIMED)
    make_identity(by_phone, "+441134960111", kind="phone")
    assert invite(*(just_closed(centre, one) for one in (nobody, claimed, by_phone, None))) == 0


def test_the_survey_that_names_the_channel_asks(centre: CustomerCentre) -> None:
    general = a_survey(centre)
    special = a_survey(centre)
    special.pk, special.name, special.channels = None, "Phone only", ["voice"]
    special.public_id = type(special)._meta.get_field("public_id").get_default()
    special.save()
    call = just_closed(centre, a_customer("Ann"), channel=Channel.VOICE)
    mail = just_closed(centre, a_customer("Ben"))
    invite(call, mail)
    asked = {row.interaction_id: row.survey_id for row in Invitation.objects.all()}
    assert asked == {call.pk: special.pk, mail.pk: general.pk}


@pytest.mark.parametrize("said", ["consent", "preference", "older consent"])
def test_who_does_not_want_to_be_asked_is_not(centre: CustomerCentre, said: str) -> None:
    a_survey(centre)
    ann = a_customer("Ann")
    if said == "preference":
        Preference.objects.create(customer=ann, topic="surveys", value="No", source="agent")
    else:
        Consent.objects.create(customer=ann, purpose="surveys", state=ConsentState.WITHDRAWN, source="agent")
    if said == "older consent":
        Consent.objects.create(customer=ann, purpose="surveys", state=ConsentState.GIVEN, source="checkout")
    assert invite(just_closed(centre, ann)) == (1 if said == "older consent" else 0)


def test_the_share_is_the_same_whenever_it_is_asked_and_about_right(centre: CustomerCentre) -> None:
    contacts = [just_closed(centre, None) for _ in range(200)]
    chosen = [falls_into_the_share(contact, 30) for contact in contacts]
    assert chosen == [falls_into_the_share(contact, 30) for contact in contacts]
    assert 35 <= sum(chosen) <= 85
    assert not any(falls_into_the_share(contact, 0) for contact in contacts)
    assert all(falls_into_the_share(contact, 100) for contact in contacts)


def test_a_customer_is_left_in_peace_for_the_cool_down(centre: CustomerCentre) -> None:
    a_survey(centre, cooldown_days=7, delay_minutes=0)
    ann, now = a_customer("Ann"), timezone.now()
    first, soon, later = (just_closed(centre, ann, at=now - timedelta(days=days)) for days in (8, 5, 0.5))
    assert [invite(first), invite(soon), invite(later)] == [1, 0, 1]


def test_an_invitation_that_was_not_sent_does_not_count(centre: CustomerCentre) -> None:
    a_survey(centre)
    ann = a_customer("Ann")
    invite(just_closed(centre, ann))
    Invitation.objects.update(state=Invitation.State.FAILED)
    assert invite(just_closed(centre, ann)) == 1


def test_merged_customers_are_one_person_for_the_cool_down_and_two_again_after_undoing(centre: CustomerCentre) -> None:
    a_survey(centre)
    ann, ann_too = a_customer("Ann"), a_customer("Anne")
    invite(just_closed(centre, ann_too))
    merge = merge_customers(survivor_id=ann.pk, merged_id=ann_too.pk, by=centre.alice)
    assert invite(just_closed(centre, ann)) == 0
    undo_merge(merge_id=merge.pk, by=centre.alice)
    assert invite(just_closed(centre, ann)) == 1


def test_an_erased_customer_is_not_asked(centre: CustomerCentre) -> None:
    a_survey(centre)
    ann = a_customer("Ann")
    contact = just_closed(centre, ann)
    erase_customer(customer_id=ann.pk, by=centre.ada)
    assert invite(contact) == 0


def test_a_contact_that_ended_long_ago_is_not_asked_about(centre: CustomerCentre) -> None:
    a_survey(centre, valid_days=14)
    assert invite(just_closed(centre, a_customer("Ann"), at=timezone.now() - timedelta(days=15))) == 0


@settings(max_examples=25, deadline=None)
@given(
    days=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 13)), max_size=12),
    cooldown=st.integers(0, 9),
    order=st.randoms(use_true_random=False),
)
def test_whatever_happens_no_contact_is_asked_about_twice_and_no_customer_too_often(days, cooldown, order) -> None:
    savepoint = transaction.savepoint()
    try:
        _ask_about(days, cooldown, order)
    finally:
        transaction.savepoint_rollback(savepoint)


def _ask_about(days, cooldown, order) -> None:
    centre = make_customer_centre()
    a_survey(centre, cooldown_days=cooldown, delay_minutes=0)
    people = [a_customer(name) for name in ("Ann", "Ben", "Cem")]
    now = timezone.now()
    contacts = [just_closed(centre, people[who], at=now - timedelta(days=ago)) for who, ago in days]
    for contact in order.sample(contacts * 2, len(contacts) * 2):
        invite(contact)
    rows = list(Invitation.objects.order_by("customer_id", "due_at"))
    assert len({row.interaction_id for row in rows}) == len(rows)
    for one, other in pairwise(rows):
        if one.customer_id == other.customer_id:
            assert other.due_at - one.due_at >= timedelta(days=cooldown)
    assert {row.customer_id for row in rows} == {contact.customer_id for contact in contacts}


@pytest.mark.django_db(transaction=True)
def test_the_reader_asks_after_what_ends_from_now_on_and_never_about_history(centre: CustomerCentre) -> None:
    a_survey(centre)
    before, past, live = (just_closed(centre, a_customer(name)) for name in ("Ann", "Ben", "Cem"))
    _close(before, Origin.LIVE)
    pump_everything()
    _close(past, Origin.HISTORY)
    _close(live, Origin.LIVE)
    pump_everything()
    assert [row.interaction for row in Invitation.objects.all()] == [live]

    SURVEY_INVITATIONS.handle(list(EventRow.objects.filter(interaction_id=live.pk)))
    assert Invitation.objects.count() == 1


def _close(contact, origin: Origin) -> None:
    with transaction.atomic():
        announce(InteractionClosed(interaction_id=contact.pk, customer_id=contact.customer_id), origin=origin)


@pytest.mark.django_db(transaction=True)
def test_two_contacts_that_end_at_the_same_moment_bring_one_invitation(centre: CustomerCentre) -> None:
    a_survey(centre)
    ann = a_customer("Ann")
    contacts = [just_closed(centre, ann) for _ in range(6)]
    barrier = Barrier(len(contacts))

    def at_once(contact) -> None:
        barrier.wait()
        try:
            invite(contact)
        finally:
            connection.close()

    threads = [Thread(target=at_once, args=(contact,)) for contact in contacts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Invitation.objects.count() == 1
