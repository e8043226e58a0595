"""The list at the left: what stands where, how much of it, and that it costs the same at any length."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import Channel
from interactions.desk.selectors.work_list import Choice, Row, WorkList, work_list
from interactions.handling.models import PresenceState, Sending
from interactions.handling.services import set_presence
from interactions.models import Interaction, ServiceTarget
from tests.factories.live_desk import Desk, make_desk, make_mine, make_waiting, ring, say

QueryGuard = Callable[[Callable[[], object], Callable[[], object]], int]


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def shown(desk: Desk, queue: str = "", rows: int = 50) -> WorkList:
    """Bob's list with one queue unfolded."""
    key = str(desk.queues[queue].public_id) if queue else ""
    return work_list(user=desk.bob, choice=Choice(queue=key, shown=rows))


def names(rows: object) -> list[str]:
    return [row.name for row in rows]  # type: ignore[attr-defined]


def test_what_rings_is_mine_or_waits_for_the_customer_stands_in_its_group(desk: Desk) -> None:
    ring(make_waiting(desk, "Rings"), desk.bob)
    ring(make_waiting(desk, "Rings elsewhere"), desk.dina)
    make_mine(desk, desk.bob, "Mine")
    make_mine(desk, desk.dina, "Dina's")
    later = make_mine(desk, desk.bob, "Pending")
    Interaction.objects.filter(pk=later.pk).update(status=InteractionStatus.PENDING)
    make_waiting(desk, "In the queue", queue="Billing")

    work = shown(desk, "Billing")

    assert (names(work.ringing), names(work.mine), names(work.pending)) == (["Rings"], ["Mine"], ["Pending"])
    assert [(queue.name, queue.waiting) for queue in work.queues] == [("Billing", 1), ("Service line", 2)]
    assert names(work.queues[0].rows) == ["In the queue"]
    assert work.queues[1].rows == ()


def test_who_has_waited_longest_for_us_stands_first_and_answered_ones_below(desk: Desk) -> None:
    answered = make_mine(desk, desk.bob, "Answered", minutes=500)
    say(answered, "Here you are.", by=desk.bob)
    make_mine(desk, desk.bob, "Short", minutes=5)
    make_mine(desk, desk.bob, "Long", minutes=50)

    mine = shown(desk).mine

    assert [(row.name, row.needs_answer) for row in mine] == [("Long", True), ("Short", True), ("Answered", False)]


def test_the_last_thing_said_stands_in_the_row_and_notes_do_not(desk: Desk) -> None:
    contact = make_mine(desk, desk.bob, "Ann", "first", minutes=9)
    say(contact, "second\n\n  line", at=timezone.now() - timedelta(minutes=2))
    say(contact, "only for us", by=desk.bob, is_note=True)

    (row,) = shown(desk).mine

    assert (row.line, row.line_by) == ("second line", "customer")


def test_a_promise_is_near_and_then_late_and_the_queues_own_one_holds_first(desk: Desk) -> None:
    contact = make_waiting(desk, "Ann", minutes=50, queue="Billing")
    row = _row(desk)
    assert (row.target, row.tone) == (3600, "warning")

    ServiceTarget.objects.create(
        queue=desk.queues["Billing"], valid_from=timezone.now() - timedelta(days=1), answer_within_seconds=600
    )
    assert (_row(desk).target, _row(desk).tone, _row(desk).used) == (600, "bad", 100)

    Interaction.objects.filter(pk=contact.pk).update(first_answered_at=timezone.now())
    assert _row(desk).target is None


def _row(desk: Desk) -> Row:
    return shown(desk, "Billing").queues[0].rows[0]


def test_a_queue_shows_fifty_and_more_when_asked_and_counts_all(desk: Desk, client: Client) -> None:
    for number in range(53):
        make_waiting(desk, f"Customer {number}", channel=Channel.EMAIL, queue="Billing", minutes=number)
    key = desk.queues["Billing"].public_id
    client.force_login(desk.bob)

    page = client.get(f"/desk/_list/?queue={key}").content.decode()
    more = client.get(f"/desk/_list/?queue={key}&shown=100").content.decode()

    assert (page.count('class="work-item"'), "Show more (50 of 53)" in page) == (50, True)
    assert (more.count('class="work-item"'), "Show more" in more) == (53, False)


@pytest.mark.parametrize("shown", ["", "-1", "9999999", "x", "１００"])
def test_a_nonsensical_number_of_rows_is_the_usual_one(shown: str) -> None:
    assert Choice.read("", shown).shown == 50


def test_the_list_asks_the_same_number_of_queries_whatever_is_on_it(
    desk: Desk, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    make_waiting(desk, queue="Billing")
    make_mine(desk, desk.bob)
    ring(make_waiting(desk), desk.bob)
    client.force_login(desk.bob)
    address = f"/desk/_list/?queue={desk.queues['Billing'].public_id}"

    def add_rows() -> None:
        for number in range(20):
            make_waiting(desk, queue="Billing", minutes=number)
            make_mine(desk, desk.bob, minutes=number)

    # Session, user, grants, queues followed, offers and their contacts, own contacts, counts, queues, rows of the open
    # queue, last words, promises, what did not leave, the same of what is over, presence, lines that are
    # down or not fetched, who is to be called, who was given up and whose call was missed.
    assert queries_do_not_grow(lambda: client.get(address), add_rows) == 21


def test_what_came_back_after_its_contact_was_closed_is_on_its_authors_desk(desk: Desk, client: Client) -> None:
    over = make_mine(desk, desk.bob, "Ann")
    said = say(over, "It comes tomorrow.", by=desk.bob)
    lost = Sending.objects.create(
        message=said, inbox=over.inbox, channel=over.channel, state="failed", due_at=timezone.now()
    )
    Interaction.objects.filter(pk=over.pk).update(status="closed", closed_at=timezone.now(), outcome=1)
    client.force_login(desk.bob)
    page = client.get("/desk/_list/").content.decode()
    assert (names(shown(desk).unsent), "Not delivered" in page, "not sent" in page) == (["Ann"], True, True)
    assert work_list(user=desk.dina, choice=Choice()).unsent == []

    again = f"/desk/{over.public_id}/messages/{said.public_id}/retry/"
    assert client.post(again).status_code == 302
    lost.refresh_from_db()
    assert (lost.state, names(shown(desk).unsent)) == ("queued", [])


def test_what_reached_the_customer_later_makes_up_for_what_did_not(desk: Desk) -> None:
    over = make_mine(desk, desk.bob, "Ann")
    for words, state in (("First", "failed"), ("Once more", "delivered")):
        said = say(over, words, by=desk.bob)
        moments = {"due_at": timezone.now(), "sent_at": timezone.now() if state == "delivered" else None}
        Sending.objects.create(message=said, inbox=over.inbox, channel=over.channel, state=state, **moments)
    Interaction.objects.filter(pk=over.pk).update(status="closed", closed_at=timezone.now(), outcome=1)
    assert shown(desk).unsent == []


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_what_did_not_arrive_asks_no_more_once_it_is_left_or_the_customer_wrote(
    desk: Desk, client: Client, state: str
) -> None:
    over, mine = make_mine(desk, desk.bob, "Ann"), make_mine(desk, desk.bob, "Ben")
    lost = {}
    for contact in (over, mine):
        lost[contact] = say(contact, "It comes tomorrow.", by=desk.bob)
        moments = {"due_at": timezone.now()}
        Sending.objects.create(
            message=lost[contact], inbox=contact.inbox, channel=contact.channel, state=state, **moments
        )
    Interaction.objects.filter(pk=over.pk).update(status="closed", closed_at=timezone.now(), outcome=1)
    client.force_login(desk.bob)
    assert (names(shown(desk).unsent), [row.troubled for row in shown(desk).mine]) == (["Ann"], [1])

    # By mail in another contact of the case, while it is over.
    later = make_waiting(desk, "Ann", case=over.case)
    Interaction.objects.filter(pk=later.pk).update(last_customer_message_at=timezone.now())
    assert names(shown(desk).unsent) == []
    Interaction.objects.filter(pk=mine.pk).update(last_customer_message_at=timezone.now())
    assert [row.troubled for row in shown(desk).mine] == [0]
    # What was held back because they wrote is still to be decided on.
    Sending.objects.filter(message=lost[mine]).update(error_code="held")
    assert [row.troubled for row in shown(desk).mine] == [1]

    address = f"/desk/{mine.public_id}/messages/{lost[mine].public_id}/"
    stranger = Client()
    stranger.force_login(desk.charlie)
    assert stranger.post(f"{address}leave/").status_code == 404
    for _twice in range(2):
        assert client.post(f"{address}leave/").status_code == 302
    assert [row.troubled for row in shown(desk).mine] == [0]
    assert Sending.objects.get(message=lost[mine]).state == state
    event = EventRow.objects.get(kind="failure_left")
    assert (event.actor_id, event.data["message_id"]) == (desk.bob.pk, lost[mine].pk)
    page = client.get(f"/desk/{mine.public_id}/_thread/").content.decode()
    assert "Left as it is." in page
    assert f"{address}leave/" not in page
    client.post(f"{address}retry/")
    Sending.objects.filter(message=lost[mine]).update(state=state, error_code="held")
    assert [row.troubled for row in shown(desk).mine] == [1]


def test_another_teams_supervisor_sees_nothing_of_it(desk: Desk, client: Client) -> None:
    make_waiting(desk, "Ann", queue="Billing")
    make_mine(desk, desk.bob, "Ben")
    ring(make_waiting(desk, "Cleo"), desk.bob)
    client.force_login(desk.charlie)

    page = client.get(f"/desk/?queue={desk.queues['Billing'].public_id}").content.decode()

    assert [name for name in ("Ann", "Ben", "Cleo", "Billing") if name in page] == []


def test_a_contact_handed_to_somebody_of_another_team_is_on_their_desk(desk: Desk, client: Client) -> None:
    contact = make_mine(desk, desk.charlie, "Ann", "words only Charlie may read")
    client.force_login(desk.charlie)
    page = client.get(f"/desk/{contact.public_id}/")
    assert "words only Charlie may read" in page.content.decode()

    Interaction.objects.filter(pk=contact.pk).update(agent=desk.bob)
    assert client.get(f"/desk/{contact.public_id}/").status_code == 404


def test_a_full_desk_says_why_nothing_rings(desk: Desk, client: Client) -> None:
    set_presence(agent=desk.bob, state=PresenceState.AVAILABLE, by=desk.bob)
    client.force_login(desk.bob)
    for name in ("One", "Two"):
        make_mine(desk, desk.bob, name)
    assert "Your desk is full" not in client.get("/desk/").content.decode()
    make_mine(desk, desk.bob, "Three")
    assert "Your desk is full: 3 contacts are with you." in client.get("/desk/").content.decode()
