"""The pane beside a conversation: what it tells whom, and what is changed there."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ccx.kernel.audit.models import AuditEntry
from interactions.cases.choices import CaseStatus, InteractionStatus
from interactions.cases.models import Case, Interaction, Promise
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance
from interactions.customers.models import Customer, Identity, ToldApart
from interactions.desk.selectors.context import pane
from interactions.desk.selectors.telling import ago, evidence_line, promises_line, repeat_line
from interactions.handling.services import identify_customer
from tests.factories.customers import CustomerCentre, make_case, make_contact, make_customer, make_identity
from tests.factories.desk import Hand, give_history, in_hand


def at_desk(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def as_htmx(client: Client, method: str, name: str, *ids, **data):
    return getattr(client, method)(reverse(name, args=ids), data, headers={"HX-Request": "true"})


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_pane_says_who_it_is_what_we_owe_and_what_happened(centre: CustomerCentre, hand: Hand):
    give_history(centre, hand)
    shown = text_of(as_htmx(at_desk(centre.bob), "get", "desk:context", hand.contact.public_id))
    for told in (
        "Ann Lee",
        "Confirmed by the channel",
        "Claimed, not checked",
        "3 open promises, one overdue",
        "Call back with the carrier&#x27;s answer",
        "Third contact about Delivery is late in 8 days",
        "Last contact 2 days ago about Delivery is late",
        "2 open cases",
        "Works nights; call after noon.",
        "€399.90",
    ):
        assert told in shown, told


def test_a_fragment_is_also_a_page_of_its_own(centre: CustomerCentre, hand: Hand):
    page = at_desk(centre.bob).get(reverse("desk:context", args=[hand.contact.public_id]))
    assert b"<html" in page.content
    assert b"Ann Lee" in page.content
    fragment = as_htmx(at_desk(centre.bob), "get", "desk:context", hand.contact.public_id)
    assert b"<html" not in fragment.content


ADDRESSES = [
    ("get", "desk:context", ()),
    ("get", "desk:timeline", ()),
    ("get", "desk:who", ()),
    ("post", "desk:who", ()),
    ("post", "desk:promise", ()),
    ("post", "desk:promise-kept", ("promise",)),
    ("post", "desk:case", ()),
    ("post", "desk:customer-note", ()),
    ("get", "desk:wrap-up-form", ()),
    ("post", "desk:wrap-up-form", ()),
    ("post", "desk:not-a-contact", ()),
    ("get", "desk:transfer-form", ()),
    ("post", "desk:transfer-form", ()),
    ("get", "desk:snooze-form", ()),
    ("post", "desk:snooze-form", ()),
]


def test_a_stranger_finds_nothing_and_changes_nothing_at_any_address(centre: CustomerCentre, hand: Hand):
    give_history(centre, hand)
    promise = Promise.objects.get(body="Send a voucher")
    other = Case.objects.get(title="Charged twice")
    full = {
        "body": "mine",
        "due_at": "2027-01-01T10:00",
        "to": str(other.public_id),
        "customer": str(hand.customer.public_id),
        "reason": str(hand.late.public_id),
        "is_resolved": "yes",
        "choice": "tomorrow",
    }
    before = (
        list(Promise.objects.order_by("pk").values()),
        list(Interaction.objects.order_by("pk").values()),
        hand.customer.notes.count(),
    )
    charlie = at_desk(centre.charlie)
    got = {
        (method, name): as_htmx(
            charlie, method, name, hand.contact.public_id, *([promise.public_id] if more else []), **full
        ).status_code
        for method, name, more in ADDRESSES
    }
    assert got == {(method, name): 404 for method, name, _more in ADDRESSES}
    after = (
        list(Promise.objects.order_by("pk").values()),
        list(Interaction.objects.order_by("pk").values()),
        hand.customer.notes.count(),
    )
    assert after == before


def test_what_another_team_wrote_is_told_only_by_date_channel_and_reason(centre: CustomerCentre, hand: Hand, settings):
    settings.CCX_WHOLE_CUSTOMER = False
    make_contact(
        centre,
        hand.customer,
        "secret words",
        subject="secret subject",
        team=centre.other_team,
        queue=None,
        reason=hand.wrong,
        case=make_case(hand.customer, "secret case"),
        started_at=timezone.now() - timedelta(days=1),
    )
    secret_case = Case.objects.get(title="secret case")
    Promise.objects.create(
        case=secret_case, body="secret promise", due_at=timezone.now() + timedelta(days=1), made_by=centre.charlie
    )
    bob = at_desk(centre.bob)
    shown = text_of(as_htmx(bob, "get", "desk:context", hand.contact.public_id))
    assert "secret" not in shown
    assert "Invoice is wrong" in shown
    assert "another team" in shown
    assert "Claims" not in shown
    moved = as_htmx(bob, "post", "desk:case", hand.contact.public_id, to=str(secret_case.public_id))
    assert moved.status_code == 404


def test_names_and_notes_are_words_not_markup(centre: CustomerCentre, hand: Hand):
    evil = '<img src=x onerror="alert(1)">{{ 7|add:7 }}'
    hand.customer.name = hand.customer.company = evil
    hand.customer.save()
    hand.customer.notes.create(author=centre.alice, body=evil)
    hand.case.title = evil
    hand.case.save()
    Promise.objects.create(case=hand.case, body=evil, due_at=timezone.now() + timedelta(days=1), made_by=centre.bob)
    markup = as_htmx(at_desk(centre.bob), "get", "desk:context", hand.contact.public_id).content.decode()
    assert "<img" not in markup
    assert markup.count("&lt;img src=x") >= 5
    assert "{{ 7|add:7 }}" in markup


def test_a_promise_is_made_kept_and_counted(centre: CustomerCentre, hand: Hand):
    bob = at_desk(centre.bob)
    missing = as_htmx(bob, "post", "desk:promise", hand.contact.public_id, body="Send a voucher", due_at="")
    assert missing.status_code == 422
    assert "Say by when." in text_of(missing)
    assert b'value="Send a voucher"' in missing.content
    past = as_htmx(bob, "post", "desk:promise", hand.contact.public_id, body="x", due_at="2020-01-01T10:00")
    assert "This moment is past." in text_of(past)
    soon = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    made = as_htmx(bob, "post", "desk:promise", hand.contact.public_id, body="Send a voucher", due_at=soon)
    assert made.status_code == 200
    promise = Promise.objects.get()
    assert (promise.body, promise.case, promise.made_by) == ("Send a voucher", hand.case, centre.bob)
    kept = as_htmx(bob, "post", "desk:promise-kept", hand.contact.public_id, promise.public_id)
    promise.refresh_from_db()
    assert promise.kept_at is not None
    assert "No open promise" in text_of(kept)


def test_an_hour_is_written_in_the_agents_own_time_zone(centre: CustomerCentre, hand: Hand):
    centre.bob.time_zone = "Asia/Tokyo"
    centre.bob.save()
    day = (timezone.now() + timedelta(days=3)).date()
    as_htmx(at_desk(centre.bob), "post", "desk:promise", hand.contact.public_id, body="x", due_at=f"{day}T09:00")
    assert Promise.objects.get().due_at.isoformat() == f"{day}T00:00:00+00:00"


def test_a_promise_of_another_customer_cannot_be_kept_from_here(centre: CustomerCentre, hand: Hand):
    other = make_case(make_customer("Zed"), "Other")
    make_contact(centre, other.customer, "hello", case=other)
    promise = Promise.objects.create(
        case=other, body="x", due_at=timezone.now() + timedelta(days=1), made_by=centre.bob
    )
    got = as_htmx(at_desk(centre.bob), "post", "desk:promise-kept", hand.contact.public_id, promise.public_id)
    promise.refresh_from_db()
    assert (got.status_code, promise.kept_at) == (404, None)


def test_a_contact_goes_to_another_case_of_its_customer_or_to_one_of_its_own(centre: CustomerCentre, hand: Hand):
    make_contact(centre, hand.customer, "first", case=hand.case)
    other = make_case(hand.customer, "Charged twice")
    strange = make_case(make_customer("Zed"), "Not hers")
    bob = at_desk(centre.bob)
    as_htmx(bob, "post", "desk:case", hand.contact.public_id, to=str(other.public_id))
    hand.contact.refresh_from_db()
    assert hand.contact.case == other
    assert as_htmx(bob, "post", "desk:case", hand.contact.public_id, to=str(strange.public_id)).status_code == 404
    assert as_htmx(bob, "post", "desk:case", hand.contact.public_id, to="nonsense").status_code == 404
    as_htmx(bob, "post", "desk:case", hand.contact.public_id, to="new")
    hand.contact.refresh_from_db()
    assert hand.contact.case not in {other, hand.case}
    assert hand.contact.case.status == CaseStatus.OPEN


def test_a_note_about_the_customer_is_kept(centre: CustomerCentre, hand: Hand):
    shown = as_htmx(at_desk(centre.bob), "post", "desk:customer-note", hand.contact.public_id, body="Has a dog")
    assert "Has a dog" in text_of(shown)
    assert hand.customer.notes.get().author == centre.bob


def test_a_contact_of_nobody_is_given_to_a_customer_that_was_found(centre: CustomerCentre, hand: Hand):
    case = make_case(None, "Hello?")
    unknown = in_hand(centre, None, InteractionStatus.ACTIVE, case=case)
    unseen = make_customer("Ann Unseen")
    make_contact(centre, unseen, "x", team=centre.other_team, queue=None, reason=None)
    bob = at_desk(centre.bob)
    assert "Who is this?" in text_of(as_htmx(bob, "get", "desk:context", unknown.public_id))
    found = text_of(as_htmx(bob, "get", "desk:who", unknown.public_id, q="ann"))
    assert "Ann Lee" in found
    assert "Unseen" not in found
    denied = as_htmx(bob, "post", "desk:who", unknown.public_id, customer=str(unseen.public_id))
    assert denied.status_code == 404
    given = as_htmx(bob, "post", "desk:who", unknown.public_id, customer=str(hand.customer.public_id))
    unknown.refresh_from_db()
    case.refresh_from_db()
    assert (unknown.customer, unknown.assurance, case.customer) == (hand.customer, Assurance.CLAIMED, hand.customer)
    assert "This contact: claimed, not checked." in text_of(given)


def test_a_contact_that_has_a_customer_is_not_taken_from_them(centre: CustomerCentre, hand: Hand):
    other = make_contact(centre, make_customer("Zed"), "x").customer
    got = as_htmx(at_desk(centre.bob), "post", "desk:who", hand.contact.public_id, customer=str(other.public_id))
    hand.contact.refresh_from_db()
    assert (got.status_code, hand.contact.customer) == (422, hand.customer)
    assert identify_customer(interaction_id=hand.contact.pk, customer=hand.customer, by=centre.bob) == hand.contact


def test_cards_stand_as_their_person_left_them(centre: CustomerCentre, hand: Hand):
    bob = at_desk(centre.bob)
    bob.cookies["ccx_cards"] = "purchases.1,profile.0,<script>.1"
    markup = as_htmx(bob, "get", "desk:context", hand.contact.public_id).content.decode()
    is_open = {key: bool(flag) for key, flag in re.findall(r'data-card="(\w+)"( open)?', markup)}
    assert is_open["purchases"]
    assert not is_open["profile"]
    assert is_open["promises"]


def test_looking_again_within_a_while_is_one_look(centre: CustomerCentre, hand: Hand):
    bob = at_desk(centre.bob)
    for _ in range(3):
        as_htmx(bob, "get", "desk:context", hand.contact.public_id)
    reads = AuditEntry.objects.filter(action=AuditEntry.Action.READ, object_kind="customer", object_id=hand.customer.pk)
    assert reads.count() == 1


def test_a_thousand_contacts_cost_the_pane_no_more_than_one(centre: CustomerCentre, hand: Hand, queries_do_not_grow):
    bob = at_desk(centre.bob)
    give_history(centre, hand)

    def add_rows() -> None:
        now = timezone.now()
        rows = [make_contact(centre, hand.customer, started_at=now - timedelta(days=30)) for _ in range(20)]
        Interaction.objects.bulk_create(
            [
                Interaction(
                    inbox=centre.inbox,
                    channel=rows[0].channel,
                    status=rows[0].status,
                    outcome=rows[0].outcome,
                    customer=hand.customer,
                    assurance=Assurance.ATTESTED,
                    team=centre.team,
                    queue=centre.queue,
                    reason=hand.late,
                    started_at=now - timedelta(days=40, minutes=number),
                    closed_at=now - timedelta(days=39),
                )
                for number in range(980)
            ]
        )

    # Session and user (2), grants, the contact; the customer, what the profile shows (10), promises, timeline (3),
    # repeats, whether the contact may be changed and its case has others, what was typed, who that may be,
    # the lines that could call.
    Customer.objects.filter(pk=hand.customer.pk).update(name="Ann Example")
    twin = make_customer("Ann Example")
    make_identity(twin, "twin@example.test")
    make_contact(centre, twin)
    chat = make_contact(centre, hand.customer, "hello", channel=Channel.CHAT)
    chat.messages.update(meta={"chat": {"email": "twin@example.test"}})
    make_contact(centre, hand.customer, "before", started_at=timezone.now() - timedelta(days=1), reason=hand.late)
    number = queries_do_not_grow(lambda: as_htmx(bob, "get", "desk:context", hand.contact.public_id), add_rows)
    assert number == 25
    assert [one.customer for one in pane(hand.contact, centre.bob, {}).likely] == [twin]


def test_somebody_else_is_told_apart_beside_the_conversation(centre: CustomerCentre, hand: Hand):
    Customer.objects.filter(pk=hand.customer.pk).update(name="Ann Example")
    twin, unseen = make_customer("Ann Example"), make_customer("Ann Example")
    make_contact(centre, twin)
    bob, there = at_desk(centre.bob), hand.contact.public_id
    assert "Not the same person" in text_of(as_htmx(bob, "get", "desk:context", there))

    told = as_htmx(bob, "post", "desk:apart", there, other=str(twin.public_id))
    assert (told.status_code, "somebody else" in told["HX-Trigger"]) == (200, True)
    assert "Perhaps the same person" not in text_of(told)
    row = ToldApart.objects.get()
    assert ({row.one, row.other}, row.said_by) == ({hand.customer, twin}, centre.bob)

    refused = as_htmx(bob, "post", "desk:apart", there, other=str(hand.customer.public_id))
    assert (refused.status_code, "one customer already" in text_of(refused)) == (422, True)
    for user, other in ((centre.bob, unseen), (centre.charlie, twin)):
        assert as_htmx(at_desk(user), "post", "desk:apart", there, other=str(other.public_id)).status_code == 404
    assert ToldApart.objects.count() == 1


def test_the_timeline_goes_on_where_it_ended(centre: CustomerCentre, hand: Hand):
    now = timezone.now()
    for day in range(1, 20):
        make_contact(centre, hand.customer, subject=f"Letter {day:02d}", started_at=now - timedelta(days=day))
    shown = pane(hand.contact, centre.bob, {})
    assert [entry.subject for entry in shown.contacts.entries][1:3] == ["Letter 01", "Letter 02"]
    older = at_desk(centre.bob).get(
        reverse("desk:timeline", args=[hand.contact.public_id]),
        {"before": str(shown.contacts.older)},
        headers={"HX-Request": "true"},
    )
    assert re.findall(r"Letter \d\d", older.content.decode())[0] == "Letter 12"
    assert "There are no older" in text_of(
        as_htmx(at_desk(centre.bob), "get", "desk:timeline", hand.contact.public_id, before=str(uuid4()))
    )


@pytest.mark.parametrize(
    ("states", "line"),
    [
        ([], "No open promise"),
        (["kept"], "No open promise"),
        (["open"], "1 open promise"),
        (["overdue"], "1 open promise, overdue"),
        (["open", "overdue", "due"], "3 open promises, one overdue"),
        (["overdue", "overdue"], "2 open promises, 2 overdue"),
        (["due", "open"], "2 open promises, one due today"),
    ],
)
def test_one_line_tells_how_promises_stand(states: list[str], line: str):
    assert promises_line(states) == line


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=1), "yesterday"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(days=90), "on 1 Sep 2026"),
    ],
)
def test_a_moment_is_told_as_people_say_it(back: timedelta, said: str):
    now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    assert ago(now - back, now) == said


def test_a_repeat_is_said_plainly():
    assert repeat_line(3, "Delivery is late", 9) == "Third contact about Delivery is late in 9 days"
    assert repeat_line(12, "Delivery is late", 1) == "12th contact about Delivery is late in 1 day"


def test_a_forged_sender_does_not_borrow_what_once_vouched_for_the_address(db: None):
    ann, ben = Customer.objects.create(name="Ann"), Customer.objects.create(name="Ben")
    known = Identity.objects.create(
        customer=ann, kind="email", value="ann@example.test", assurance=Assurance.ATTESTED, source="dmarc"
    )

    shown = evidence_line(known, Assurance.ATTESTED, customer_id=ann.pk)
    forged = evidence_line(known, Assurance.CLAIMED, customer_id=ann.pk)

    assert "DMARC" in shown
    assert "Tell nothing" not in shown
    assert "DMARC" not in forged
    assert "does not show that it is theirs" in forged
    assert "Tell nothing of earlier contacts" in forged
    assert "A person said" in evidence_line(known, Assurance.CLAIMED, customer_id=ben.pk)
