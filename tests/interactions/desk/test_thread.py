"""The conversation: its windows, what is folded, what stands between messages, and that no word of it is markup."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ccx.kernel.models import AuditEntry
from interactions.cases.choices import SegmentEnd, SegmentKind
from interactions.channels.choices import Channel
from interactions.desk.quoting import read_written
from interactions.desk.selectors.thread import WINDOW, Thread, thread
from interactions.handling.models import Sending, SendingState
from interactions.models import Interaction, Message, Segment
from tests.factories.live_desk import Desk, make_desk, make_mine, make_waiting, say

QueryGuard = Callable[[Callable[[], object], Callable[[], object]], int]


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def bodies(found: Thread) -> list[str]:
    return [item.message.body for item in found.items if item.message is not None]


def kinds(found: Thread) -> list[str]:
    return [item.what or item.kind for item in found.items]


def long_one(desk: Desk, messages: int) -> Interaction:
    contact = make_mine(desk, desk.bob, "Ann", "0", minutes=messages)
    start = timezone.now() - timedelta(minutes=messages)
    Message.objects.bulk_create(
        Message(
            interaction=contact, author_kind="customer", body=str(number), sent_at=start + timedelta(seconds=number)
        )
        for number in range(1, messages)
    )
    return contact


def test_a_long_conversation_opens_at_its_end_and_goes_back_by_windows(desk: Desk) -> None:
    contact = long_one(desk, 2 * WINDOW + 50)

    last = thread(interaction=contact, user=desk.bob)
    before = thread(interaction=contact, user=desk.bob, before=last.before)
    first = thread(interaction=contact, user=desk.bob, before=before.before)

    told = bodies(first) + bodies(before) + bodies(last)
    assert told == [str(number) for number in range(2 * WINDOW + 50)]
    assert (len(bodies(last)), first.before) == (WINDOW, None)


def test_a_window_that_is_read_again_keeps_its_beginning(desk: Desk) -> None:
    contact = long_one(desk, WINDOW + 20)
    opened = thread(interaction=contact, user=desk.bob)
    say(contact, "and one more")

    again = thread(interaction=contact, user=desk.bob, since=opened.oldest)

    assert bodies(again) == [*bodies(opened), "and one more"]
    assert again.before == opened.before


def test_what_agents_did_stands_between_what_was_said(desk: Desk) -> None:
    call = make_mine(desk, desk.bob, channel=Channel.VOICE, minutes=30)
    Segment.objects.filter(interaction=call).delete()
    start = call.started_at
    strip = [
        (SegmentKind.QUEUE, 0, 10, None, None),
        (SegmentKind.TALK, 10, 60, desk.bob, None),
        (SegmentKind.HOLD, 60, 132, desk.bob, None),
        (SegmentKind.TALK, 132, 200, desk.bob, SegmentEnd.TRANSFER_QUEUE),
        (SegmentKind.QUEUE, 200, 260, None, None),
        (SegmentKind.TALK, 260, 300, desk.dina, None),
        (SegmentKind.WRAP_UP, 300, None, desk.dina, None),
    ]
    for kind, since, until, agent, ended_by in strip:
        Segment.objects.create(
            interaction=call,
            kind=kind,
            agent=agent,
            queue=desk.queues["Billing"],
            started_at=start + timedelta(seconds=since),
            ended_at=None if until is None else start + timedelta(seconds=until),
            ended_by=ended_by,
        )

    found = thread(interaction=call, user=desk.bob)

    assert [item for item in kinds(found) if item not in {"day", "message"}] == [
        *("accepted", "held", "to_queue", "accepted", "wrap_up")
    ]
    (held,) = [item for item in found.items if item.what == "held"]
    assert (held.who, held.duration) == ("Bob Brown", timedelta(seconds=72))
    (moved,) = [item for item in found.items if item.what == "to_queue"]
    assert (moved.who, moved.detail) == ("Bob Brown", "Billing")


def test_who_comes_to_a_call_that_a_colleague_is_in_joins_and_does_not_take_it(desk: Desk) -> None:
    call = make_mine(desk, desk.bob, channel=Channel.VOICE, minutes=30)
    Segment.objects.filter(interaction=call).delete()
    # Bob asks Dina while the caller holds, and then all three talk; Dina stays.
    strip = [
        (SegmentKind.TALK, 0, 60, desk.bob),
        (SegmentKind.HOLD, 60, 132, desk.bob),
        (SegmentKind.RING, 70, 80, desk.dina),
        (SegmentKind.TALK, 80, None, desk.dina),
        (SegmentKind.TALK, 132, 200, desk.bob),
    ]
    for kind, since, until, agent in strip:
        Segment.objects.create(
            interaction=call,
            kind=kind,
            agent=agent,
            started_at=call.started_at + timedelta(seconds=since),
            ended_at=None if until is None else call.started_at + timedelta(seconds=until),
        )

    found = thread(interaction=call, user=desk.bob)

    told = [(item.what, item.who.split()[0]) for item in found.items if item.kind == "event"]
    assert told == [("accepted", "Bob"), ("held", "Bob"), ("joined", "Dina")]


def test_the_other_contacts_of_the_case_stand_above_with_their_channel_if_they_may_be_read(
    desk: Desk, settings: Any
) -> None:
    settings.CCX_WHOLE_CUSTOMER = False
    chat = make_waiting(desk, "Ann", "by chat", channel=Channel.CHAT, minutes=600)
    mail = make_mine(desk, desk.bob, "Ann", "by mail", case=chat.case)
    elsewhere = make_waiting(desk, "Ann", "not for Bob", case=chat.case)
    Interaction.objects.filter(pk=elsewhere.pk).update(team=desk.other_team, queue=None)

    found = thread(interaction=mail, user=desk.bob)

    assert bodies(found) == ["by chat", "by mail"]
    marks = [item.contact for item in found.items if item.kind == "contact"]
    assert marks == [chat, mail]


def test_what_was_taken_back_was_never_said(desk: Desk) -> None:
    contact = make_mine(desk, desk.bob)
    said = say(contact, "too soon", by=desk.bob)
    Sending.objects.create(
        message=said,
        inbox=contact.inbox,
        channel=Channel.EMAIL,
        recipient="ann@example.net",
        due_at=timezone.now(),
        state=SendingState.CANCELLED,
    )
    assert "too soon" not in bodies(thread(interaction=contact, user=desk.bob))


@pytest.mark.parametrize(
    ("body", "head", "quoted"),
    [
        ("Yes.\n\nOn Mon, 2 Mar 2026 at 10:11, Shop <help@shop.example> wrote:\n> Is it?", "Yes.", "On Mon"),
        ("Ja.\nAm 2. März 2026 schrieb Shop:\n> Oder?", "Ja.", "Am 2."),
        ("Oui.\nLe 2 mars 2026 à 10:11, Shop a écrit :\n> Non ?", "Oui.", "Le 2"),
        ("See below\n-----Original Message-----\nFrom: Shop", "See below", "-----Original"),
        ("Thanks\n> Is it?\n>\n> Yours", "Thanks", "> Is it?"),
        ("> Is it?\nYes, and\n> When?\nTomorrow", "> Is it?\nYes, and\n> When?\nTomorrow", ""),
        ("> only a quotation", "> only a quotation", ""),
        ("On Monday she wrote: nothing came", "On Monday she wrote: nothing came", ""),
    ],
)
def test_what_is_quoted_below_is_folded_and_answers_between_are_not(body: str, head: str, quoted: str) -> None:
    written = read_written(body)
    assert written.head == head
    assert written.quoted.startswith(quoted)
    assert bool(written.quoted) == bool(quoted)


def test_a_long_message_loses_no_word_and_takes_no_time() -> None:
    body = "\n".join(f"line {number} " + "word " * 30 for number in range(5000))
    written = read_written(body)
    assert written.head + written.rest == body.strip()
    assert 700 < len(written.head) <= 1400


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    'http://x.example/"onmouseover=alert(1)',
    "{{ 7|add:7 }}{% debug %}",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_no_name_subject_word_or_agent_becomes_markup(desk: Desk, client: Client, words: str) -> None:
    desk.bob.name = words[:120]
    desk.bob.save(update_fields=["name"])
    contact = make_mine(desk, desk.bob, words, words, f"Yes.\n> {words}", subject=words)
    say(contact, words, by=desk.bob)
    say(contact, words, by=desk.bob, is_note=True)
    client.force_login(desk.bob)

    page = client.get(f"/desk/{contact.public_id}/").content.decode()

    for markup in ("<script>alert", "<img src=x", "<svg/onload", 'href="javascript', '"onmouseover'):
        assert markup not in page
    assert (">14{" in page, words.startswith("{{") and "{{ 7|add:7 }}" not in page) == (False, False)


def test_a_customers_sign_and_a_file_that_was_not_kept_are_told(desk: Desk, client: Client) -> None:
    contact = make_mine(desk, desk.bob, "Ann", "Look")
    signs = [{"by": "1", "sign": "👍", "at": ""}, {"by": "2", "sign": "", "at": ""}]
    contact.messages.update(meta={"reactions": signs, "too_large": ["film.mp4"]})
    client.force_login(desk.bob)
    page = client.get(f"/desk/{contact.public_id}/").content.decode()
    assert page.count("The customer answered with <bdi>👍</bdi>") == page.count("answered with") == 1
    assert "<bdi>film.mp4</bdi>" in page


def test_what_a_message_answers_and_what_brought_it_stands_above_it(
    desk: Desk, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    contact = make_mine(desk, desk.bob, "Ann")
    asked = say(contact, "Which <b>size</b>?", by=desk.bob)
    line = {"inbox": contact.inbox, "channel": contact.channel, "state": SendingState.SENT}
    now = timezone.now()
    Sending.objects.create(message=asked, recipient="a", due_at=now, sent_at=now, provider_id="wamid.1", **line)
    # Another customer's message of the same name on the same line is nobody's to quote.
    foreign = make_mine(desk, desk.dina, "Eve", "A secret")
    foreign.messages.update(external_id="wamid.2")
    referral = {"headline": "Sale <i>", "source_url": "https://ads.example/1?a=1&b=2", "source_type": "ad"}
    told: list[dict[str, Any]] = [
        {"reply_to": "wamid.1"},
        {"reply_to": "wamid.2"},
        {"referral": referral, "choice": "size:l"},
        {"referral": {"ref": "spring"}, "story": "javascript:alert(1)"},
        {"story": "https://cdn.example/story", "product": {"product_retailer_id": "SKU <9>"}},
        {"reply_to": ["x"], "referral": "x", "product": [1], "story": {"url": 1}, "choice": 7},
    ]
    for meta in told:
        message = say(contact, "L", at=now)
        message.meta = meta
        message.save()
    client.force_login(desk.bob)
    address = f"/desk/{contact.public_id}/_thread/"
    page = client.get(address).content.decode()

    assert "Answers: ‘<bdi>Which &lt;b&gt;size&lt;/b&gt;?</bdi>’" in page
    assert f'href="#m-{asked.public_id}"' in page
    assert page.count("Answers an earlier message") == 1
    assert "A secret" not in page
    assert "Came from the advertisement ‘<bdi>Sale &lt;i&gt;</bdi>’" in page
    assert 'href="https://ads.example/1?a=1&amp;b=2" target="_blank" rel="noopener noreferrer"' in page
    assert "Chose: <bdi>size:l</bdi>" in page
    assert "Came by the link ‘<bdi>spring</bdi>’" in page
    assert "javascript:" not in page
    assert page.count("Answers your story") == 2
    assert "About the product <bdi>SKU &lt;9&gt;</bdi>" in page
    assert page.count("say-origin") == 8

    def add_rows() -> None:
        for _number in range(9):
            Message.objects.filter(pk=say(contact, "And this?").pk).update(meta={"reply_to": "wamid.1"})

    queries_do_not_grow(lambda: client.get(address), add_rows)


def test_a_name_that_turns_the_line_round_stays_within_itself(desk: Desk, client: Client) -> None:
    contact = make_mine(desk, desk.bob, "\u202egnp.exe")
    client.force_login(desk.bob)
    page = client.get(f"/desk/{contact.public_id}/").content.decode()
    assert "<bdi>\u202egnp.exe</bdi>" in page


def test_a_conversation_asks_the_same_number_of_queries_at_any_length(
    desk: Desk, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    contact = make_mine(desk, desk.bob)
    say(contact, "Hello", by=desk.bob)
    client.force_login(desk.bob)

    def add_rows() -> None:
        for number in range(20):
            say(contact, f"{number}", by=desk.bob)
            make_waiting(desk, case=contact.case)

    queries_do_not_grow(lambda: client.get(f"/desk/{contact.public_id}/_thread/"), add_rows)
    queries_do_not_grow(lambda: client.get(f"/desk/{contact.public_id}/_header/"), add_rows)


def test_whoever_reads_what_was_said_leaves_a_trace_by_whatever_address(desk: Desk) -> None:
    opened, read = (make_mine(desk, desk.bob, name, "0", minutes=5) for name in ("Ann", "Ben"))
    bob = Client()
    bob.force_login(desk.bob)
    for path in (f"{opened.public_id}/", f"{opened.public_id}/_thread/", f"{read.public_id}/_thread/"):
        assert bob.get(f"/desk/{path}").status_code == 200
    looks = AuditEntry.objects.filter(action="read", object_kind="interaction", actor_id=desk.bob.pk)
    assert sorted(looks.values_list("object_id", flat=True)) == sorted([opened.pk, read.pk])
