"""The page of one contact."""

from collections.abc import Callable
from uuid import uuid4

from django.test import Client

from ccx.kernel.look import figures
from ccx.kernel.models import AuditEntry
from interactions.cases.choices import AuthorKind, SegmentKind
from interactions.models import Message
from tests.factories.customers import CustomerCentre, make_contact, make_customer, make_segment

QueryGuard = Callable[[Callable[[], object], Callable[[], object]], int]


def test_what_was_said_stands_in_order_with_notes_and_the_strip_of_time(centre: CustomerCentre, client: Client) -> None:
    contact = make_contact(centre, make_customer("Ann"), "first words", "<i>second</i>")
    Message.objects.create(
        interaction=contact,
        author_kind=AuthorKind.AGENT,
        author=centre.bob,
        is_note=True,
        body="careful",
        sent_at=contact.started_at,
    )
    make_segment(contact, SegmentKind.QUEUE, 0, 192, queue=centre.queue)
    make_segment(contact, SegmentKind.TALK, 192, 200, agent=centre.bob, is_duration_known=False)
    client.force_login(centre.bob)

    page = client.get(f"/interactions/{contact.public_id}/").content.decode()

    assert page.index("first words") < page.index("careful") < page.index("&lt;i&gt;second")
    assert page.count("Only we see this") == 1
    assert figures.duration(192) in page
    assert "unknown" in page
    entry = AuditEntry.objects.get(object_kind="interaction")
    assert (entry.actor_id, entry.action, entry.object_id) == (centre.bob.pk, "read", contact.pk)


def test_a_stranger_finds_no_contact(centre: CustomerCentre, client: Client) -> None:
    contact = make_contact(centre, make_customer("Ann"), "words")
    anonymous = client.get(f"/interactions/{contact.public_id}/")
    client.force_login(centre.charlie)

    answers = [client.get(f"/interactions/{public_id}/").status_code for public_id in (contact.public_id, uuid4())]

    assert (anonymous.status_code, answers) == (302, [404, 404])
    assert AuditEntry.objects.filter(object_kind="interaction").count() == 0


def test_a_contact_without_a_customer_has_a_page_too(centre: CustomerCentre, client: Client) -> None:
    contact = make_contact(centre, None, case=None, reason=None, agent=None)
    client.force_login(centre.bob)

    page = client.get(f"/interactions/{contact.public_id}/").content.decode()

    assert "Nothing was written in this contact." in page
    assert "Unidentified" in page


def test_a_long_conversation_asks_no_more_than_a_short_one(
    centre: CustomerCentre, client: Client, queries_do_not_grow: QueryGuard
) -> None:
    contact = make_contact(centre, make_customer("Ann"), "words")
    make_segment(contact, SegmentKind.TALK, 0, 5, agent=centre.bob)
    client.force_login(centre.bob)

    def add_rows() -> None:
        for number in range(20):
            Message.objects.create(
                interaction=contact,
                author_kind=AuthorKind.AGENT,
                author=centre.bob,
                body="reply",
                sent_at=contact.started_at,
            )
            make_segment(contact, SegmentKind.HOLD, 10 + number, 11 + number, agent=centre.bob)

    # Session, user, grants, the contact, messages, attachments, segments, the customer, audit entry and actor.
    assert queries_do_not_grow(lambda: client.get(f"/interactions/{contact.public_id}/"), add_rows) == 10
