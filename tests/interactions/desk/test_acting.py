"""What is done at the desk: each action, what refuses it, and that strangers can do none of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import Channel
from interactions.handling.models import Draft, DraftFile, PresenceSpan, Sending, SendingState
from interactions.models import Identity, Inbox, Interaction, Message, Offer
from tests.factories.desks import pretend_mail
from tests.factories.live_desk import Desk, make_desk, make_mine, make_waiting, ring, say

ID = "11111111-2222-4333-8444-555555555555"
OTHER_ID = "99999999-2222-4333-8444-555555555555"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with pretend_mail():
        yield make_desk()


@pytest.fixture
def bob(desk: Desk) -> Client:
    return signed_in(desk.bob)


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(client: Client, contact: Interaction) -> str:
    """What the page says its reader has seen."""
    page = client.get(f"/desk/{contact.public_id}/").content.decode()
    return page.split('name="seen" form="desk-reply" value="')[1].split('"')[0]


def post(client: Client, contact: Interaction, what: str, **data: Any) -> Any:
    return client.post(f"/desk/{contact.public_id}/{what}/", data, **HTMX)


def test_the_first_of_two_agents_gets_it_and_the_other_is_told_who_was_quicker(desk: Desk, bob: Client) -> None:
    contact = make_waiting(desk)
    dina = signed_in(desk.dina)

    first, second = post(bob, contact, "accept"), post(dina, contact, "accept")

    contact.refresh_from_db()
    assert (contact.agent_id, contact.status) == (desk.bob.pk, InteractionStatus.ACTIVE)
    assert (first.status_code, "ccx:toast" in json.loads(first.headers["HX-Trigger"])) == (204, False)
    assert "Bob Brown was quicker" in json.loads(second.headers["HX-Trigger"])["ccx:toast"]["text"]
    page = dina.get(f"/desk/{contact.public_id}/").content.decode()
    assert "Bob Brown has it. You can leave a note." in page


def test_what_rings_can_be_accepted_from_the_list_or_declined(desk: Desk, bob: Client) -> None:
    first, second = make_waiting(desk), make_waiting(desk)
    ring(first, desk.bob), ring(second, desk.bob)

    answer = post(bob, first, "accept", open="1")
    post(bob, second, "decline")

    assert json.loads(answer.headers["HX-Location"])["path"] == f"/desk/{first.public_id}/"
    assert list(Offer.objects.order_by("pk").values_list("end", flat=True)) == ["accepted", "declined"]


def test_a_call_is_held_and_resumed_and_wrapped_up(desk: Desk, bob: Client) -> None:
    call = make_mine(desk, desk.bob, channel=Channel.VOICE)
    for what, word in (("hold", "Resume"), ("resume", "Hold")):
        post(bob, call, what)
        assert f'data-palette-entry="{word}"' in bob.get(f"/desk/{call.public_id}/_header/").content.decode()
    post(bob, call, "wrap-up")
    call.refresh_from_db()
    assert call.status == InteractionStatus.WRAP_UP


def test_without_scripts_the_browser_is_sent_back_to_the_contact(desk: Desk, bob: Client) -> None:
    contact = make_waiting(desk)
    answer = bob.post(f"/desk/{contact.public_id}/accept/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/{contact.public_id}/")
    refused = bob.post(f"/desk/{contact.public_id}/hold/")
    assert refused.status_code == 302


def test_only_a_supervisor_takes_over_what_another_has(desk: Desk) -> None:
    contact = make_mine(desk, desk.bob)
    assert post(signed_in(desk.dina), contact, "take-over").status_code == 404
    assert post(signed_in(desk.alice), contact, "take-over").status_code == 204
    contact.refresh_from_db()
    assert (contact.agent_id, contact.status) == (desk.alice.pk, InteractionStatus.ACTIVE)


def test_nobody_holds_or_ends_what_another_has(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.dina, channel=Channel.VOICE)
    for what in ("hold", "resume", "wait", "wrap-up"):
        assert "Dina Duval" in post(bob, contact, what).headers["HX-Trigger"]
    contact.refresh_from_db()
    assert (contact.agent_id, contact.status) == (desk.dina.pk, InteractionStatus.ACTIVE)


def test_a_reply_is_said_queued_and_shown_and_sent_twice_it_is_one(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    words = {"body": "Hello\r\nAnn", "draft_id": ID, "seen": seen(bob, contact), "then": "stay"}

    answers = [post(bob, contact, "reply", **words) for _ in range(2)]

    said = Message.objects.get(interaction=contact, author=desk.bob)
    assert (said.body, said.is_note) == ("Hello\nAnn", False)
    assert said.sending.state == SendingState.QUEUED
    assert [answer.status_code for answer in answers] == [200, 200]
    assert f"m-{said.public_id}" in answers[0].content.decode()
    assert "Undo" in answers[0].content.decode()


def test_other_words_under_an_id_that_was_sent_come_back_untouched(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    words = {"draft_id": ID, "seen": seen(bob, contact)}
    post(bob, contact, "reply", body="Hello", **words)

    answer = post(bob, contact, "reply", body="Hello, and more", **words)

    assert answer.status_code == 409
    assert "An earlier version" in answer.content.decode()
    assert answer.headers["X-Draft-Id"] != ID
    assert Message.objects.filter(interaction=contact, author=desk.bob).count() == 1


def test_a_stale_reply_is_not_sent_and_says_what_changed_and_can_be_sent_anyway(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    words = {"body": "Hello Ann", "draft_id": ID, "seen": seen(bob, contact)}
    say(contact, "Never mind, it came.")

    refused = post(bob, contact, "reply", **words)

    page = refused.content.decode()
    assert (refused.status_code, Sending.objects.count()) == (409, 0)
    assert "The customer wrote" in page
    assert Draft.objects.get(author=desk.bob).body == "Hello Ann"
    anyway = page.split('name="seen" value="')[1].split('"')[0]
    assert post(bob, contact, "reply", **(words | {"seen": anyway})).status_code == 200
    assert (Sending.objects.count(), Draft.objects.count()) == (1, 0)


def test_without_scripts_a_stale_reply_comes_back_with_its_words(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    words = {"body": "Hello <Ann>", "draft_id": ID, "seen": seen(bob, contact)}
    say(contact, "Never mind.")
    answer = bob.post(f"/desk/{contact.public_id}/reply/", words)
    assert answer.status_code == 409
    assert "Hello &lt;Ann&gt;</textarea>" in answer.content.decode()


@pytest.mark.parametrize(("then", "status"), [("wait", "pending"), ("wrap_up", "wrap_up")])
def test_a_reply_can_end_the_turn_or_the_contact(desk: Desk, bob: Client, then: str, status: str) -> None:
    contact = make_mine(desk, desk.bob)
    post(bob, contact, "reply", body="Done.", draft_id=ID, seen=seen(bob, contact), then=then)
    contact.refresh_from_db()
    assert contact.status == status


def test_a_reply_taken_back_stands_in_the_composer_again(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    post(bob, contact, "reply", body="Too soon", draft_id=ID, seen=seen(bob, contact))
    said = Message.objects.get(interaction=contact, author=desk.bob)

    back = post(bob, contact, f"messages/{said.public_id}/take-back")

    assert back.json()["body"] == "Too soon"
    page = bob.get(f"/desk/{contact.public_id}/").content.decode()
    assert "\nToo soon</textarea>" in page
    assert f"m-{said.public_id}" not in page


def test_what_was_not_sent_says_why_and_can_be_sent_again(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    post(bob, contact, "reply", body="Hello", draft_id=ID, seen=seen(bob, contact))
    said = Message.objects.get(interaction=contact, author=desk.bob)
    Sending.objects.update(state=SendingState.FAILED, last_error="The mailbox is <full>.")
    page = bob.get(f"/desk/{contact.public_id}/_thread/").content.decode()
    assert "The mailbox is &lt;full&gt;." in page

    post(bob, contact, f"messages/{said.public_id}/retry")

    assert Sending.objects.get().state == SendingState.QUEUED


def test_a_draft_is_kept_as_it_is_written_and_stands_there_after_a_reload(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    assert post(bob, contact, "draft", body="Half a rep", draft_id=ID, is_note="on").status_code == 204

    page = bob.get(f"/desk/{contact.public_id}/").content.decode()
    assert "\nHalf a rep</textarea>" in page
    assert f'value="{ID}"' in page
    assert "Half a rep" not in signed_in(desk.dina).get(f"/desk/{contact.public_id}/").content.decode()

    post(bob, contact, "draft", body=" ", draft_id=ID)
    assert Draft.objects.count() == 0


def test_a_late_draft_does_not_bring_back_what_was_sent(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    post(bob, contact, "reply", body="Hello", draft_id=ID, seen=seen(bob, contact))
    assert post(bob, contact, "draft", body="Hello", draft_id=ID).status_code == 409
    assert Draft.objects.count() == 0


def test_a_note_is_ours_alone_and_needs_no_contact_in_hand(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.dina)
    post(bob, contact, "note", body="Refund agreed", draft_id=ID)
    said = Message.objects.get(interaction=contact, author=desk.bob)
    assert (said.is_note, Sending.objects.count()) == (True, 0)


def test_a_line_that_cannot_answer_says_so(desk: Desk, bob: Client) -> None:
    call = make_mine(desk, desk.bob, channel=Channel.VOICE)
    Identity.objects.update(kind="phone", value="+493012345678")
    page = bob.get(f"/desk/{call.public_id}/").content.decode()
    assert 'data-mode="note"' in page
    assert "No line is set up that could answer" in page


def test_a_closed_contact_is_read_and_says_what_came_of_it(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    Interaction.objects.filter(pk=contact.pk).update(status="closed", outcome=1, closed_at=timezone.now())
    page = bob.get(f"/desk/{contact.public_id}/").content.decode()
    assert 'data-mode="nothing"' in page
    assert "Handled by an agent" in page
    assert 'data-keys="w"' not in page


def test_a_case_gets_a_title(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    post(bob, contact, "title", title="  A bill\tthat is   twice ")
    assert Interaction.objects.get(pk=contact.pk).case.title == "A bill that is twice"
    assert "200 characters" in post(bob, contact, "title", title="x" * 201).headers["HX-Trigger"]


def test_presence_is_said_with_its_reason_and_only_from_the_list(desk: Desk, bob: Client) -> None:
    page = bob.post("/desk/_presence/", {"choice": "break:lunch"}, **HTMX).content.decode()
    assert "On a break: Lunch" in page
    for nonsense in ("lunch", "break:training", "asleep", "available:lunch"):
        bob.post("/desk/_presence/", {"choice": nonsense}, **HTMX)
    span = PresenceSpan.objects.get(agent=desk.bob, ended_at__isnull=True)
    assert (span.state, span.reason_code) == ("break", "lunch")


ACTIONS = (
    *("accept", "decline", "hold", "resume", "wait", "wrap-up", "take-over", "title", "reply", "note", "draft"),
    *(f"messages/{OTHER_ID}/take-back", f"messages/{OTHER_ID}/retry"),
)


def test_a_stranger_finds_no_fragment_and_does_nothing(desk: Desk) -> None:
    contact = make_mine(desk, desk.bob)
    said = say(contact, "Hello", by=desk.bob)
    before = (Interaction.objects.values().get(pk=contact.pk), Message.objects.count())
    charlie = signed_in(desk.charlie)

    for fragment in ("", "_header/", "_thread/"):
        assert charlie.get(f"/desk/{contact.public_id}/{fragment}").status_code == 404
    for what in (*ACTIONS, f"messages/{said.public_id}/take-back", f"messages/{said.public_id}/retry"):
        data = {"body": "x", "draft_id": ID, "title": "x"}
        assert charlie.post(f"/desk/{contact.public_id}/{what}/", data).status_code == 404, what

    assert (Interaction.objects.values().get(pk=contact.pk), Message.objects.count()) == before
    assert Draft.objects.count() == 0


def test_a_message_of_another_contact_is_not_reached_through_ones_own(desk: Desk, bob: Client) -> None:
    mine, other = make_mine(desk, desk.bob), make_mine(desk, desk.dina)
    said = say(other, "Hello", by=desk.dina)
    assert post(bob, mine, f"messages/{said.public_id}/take-back").status_code == 404
    assert post(bob, mine, f"messages/{said.public_id}/retry").status_code == 404


def test_nothing_is_done_without_the_token_of_our_own_page(desk: Desk) -> None:
    contact = make_waiting(desk)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(desk.bob)
    statuses = {strict.post(f"/desk/{contact.public_id}/{what}/", {"body": "x"}).status_code for what in ACTIONS}
    assert statuses | {strict.post("/desk/_presence/", {"choice": "offline"}).status_code} == {403}


def test_a_stranger_touches_no_draft_no_way_and_no_file(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    upload = {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7"), "draft_id": ID, "kind": "reply"}
    mine = post(bob, contact, "files", **upload)
    assert (mine.status_code, b"a.pdf" in mine.content) == (201, True)
    file = DraftFile.objects.get()

    stranger = signed_in(desk.charlie)
    refused = [
        post(stranger, contact, "files", file=SimpleUploadedFile("b.pdf", b"%PDF-1.7"), draft_id=OTHER_ID),
        post(stranger, contact, f"files/{file.public_id}/remove"),
        post(stranger, contact, "way", inbox=contact.inbox.public_id, identity=contact.identity_id),
        stranger.get(f"/desk/{contact.public_id}/_ways/", **HTMX),
        stranger.get(f"/desk/{contact.public_id}/_templates/", **HTMX),
    ]
    assert [answer.status_code for answer in refused] == [404] * 5
    # A colleague who may work on the contact has a draft of their own.
    assert post(signed_in(desk.dina), contact, f"files/{file.public_id}/remove").status_code == 204
    assert DraftFile.objects.count() == 1
    assert post(bob, contact, f"files/{file.public_id}/remove").status_code == 204
    assert DraftFile.objects.count() == 0


def test_what_is_wrong_with_a_reply_is_said_in_words_and_the_words_stay(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    before = seen(bob, contact)
    wrong: dict[str, dict[str, Any]] = {
        "no e-mail address": {"copies": "nobody"},
        "attach it again": {"file": OTHER_ID},
        "on which day": {"later": "custom"},
        "still to come": {"later": "custom", "later_at": "2020-01-01T10:00"},
        "in this way any more": {"inbox": contact.inbox.public_id, "identity": 1},
    }
    for words, fields in wrong.items():
        answer = post(bob, contact, "reply", body="Hello", draft_id=ID, seen=before, **fields)
        assert (answer.status_code, words in answer.content.decode()) == (409, True), words
    assert Draft.objects.get().body == "Hello"
    assert Sending.objects.count() == 0


def test_a_message_of_another_contact_of_the_case_is_acted_on_from_the_one_that_is_open(
    desk: Desk, bob: Client
) -> None:
    contact = make_mine(desk, desk.bob)
    other = make_mine(desk, desk.bob, case=contact.case)
    message = Message.objects.create(
        interaction=other, author_kind="agent", author=desk.bob, body="Lost?", sent_at=timezone.now()
    )
    Sending.objects.create(
        message=message, inbox=other.inbox, channel=other.channel, recipient="a@b.example", state="unknown",
        due_at=timezone.now(),
    )  # fmt: skip
    elsewhere = make_mine(desk, desk.bob)
    assert post(bob, elsewhere, f"messages/{message.public_id}/arrived").status_code == 404
    assert post(bob, contact, f"messages/{message.public_id}/arrived").status_code == 204
    assert Sending.objects.get().state == SendingState.SENT


def test_the_answer_goes_to_everybody_who_got_the_customers_mail_and_not_to_ourselves(desk: Desk, bob: Client) -> None:
    contact = make_mine(desk, desk.bob)
    Inbox.objects.filter(pk=contact.inbox_id).update(address="help@shop.example")
    named = [{"name": "", "address": one} for one in ("Help+3xk@shop.example", "carl@example.com")]
    more = [{"name": "Dora", "address": "Dora@example.com"}, {"name": "", "address": "not an address"}]
    contact.messages.update(meta={"to": named, "cc": more[:1]})
    page = bob.get(f"/desk/{contact.public_id}/").content.decode()
    assert 'name="copies" value="carl@example.com, dora@example.com"' in page
    contact.messages.update(meta={"to": named, "cc": more})
    assert 'name="copies" value=""' in bob.get(f"/desk/{contact.public_id}/").content.decode()
