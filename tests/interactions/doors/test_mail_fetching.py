"""Fetching mail: each once, whatever breaks on the way."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.models import EventRow
from ccx.kernel.people.choices import Role
from interactions.channels.services import keep_credentials
from interactions.doors.mail.fetching import fetch_mailbox
from interactions.doors.mail.selectors import mailboxes_to_fetch
from interactions.models import Delivery, Inbox, Interaction, Mailbox, Message, RawContact
from tests.factories.contacts import Centre
from tests.factories.mailservers import ImapStub, a_mail, imap_stub
from tests.factories.people import make_user


def connect(inbox: Inbox, stub: ImapStub, *, password: str = "hush", **changes: object) -> Inbox:
    inbox.settings = stub.settings(**changes)
    inbox.save(update_fields=["settings"])
    return keep_credentials(inbox_id=inbox.pk, credentials={"imap_password": password}, by=None)


def words() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("body", flat=True))


def test_new_mails_are_taken_in_once_in_their_order_at_the_time_they_arrived(centre: Centre) -> None:
    with imap_stub() as server:
        connect(centre.email, server)
        server.add(a_mail("one", number=1), a_mail("two", number=2))
        assert fetch_mailbox(inbox_id=centre.email.pk) == 2
        assert fetch_mailbox(inbox_id=centre.email.pk) == 0
        server.add(a_mail("three", number=3))
        assert fetch_mailbox(inbox_id=centre.email.pk) == 1

    assert words() == ["one", "two", "three"]
    assert [one.started_at.isoformat() for one in Interaction.objects.order_by("pk")][:2] == [
        "2026-03-03T10:00:01+00:00",
        "2026-03-03T10:00:02+00:00",
    ]
    mailbox = Mailbox.objects.get()
    assert (mailbox.last_uid, mailbox.error, mailbox.checked_at is not None) == (3, "", True)


def test_what_lay_in_the_folder_before_is_left_unless_asked_for(centre: Centre) -> None:
    with imap_stub() as server:
        server.add(a_mail("old", number=1))
        connect(centre.email, server, start="new")
        assert fetch_mailbox(inbox_id=centre.email.pk) == 0
        server.add(a_mail("new", number=2))
        assert fetch_mailbox(inbox_id=centre.email.pk) == 1
    assert words() == ["new"]


def test_a_line_that_breaks_in_the_middle_of_a_mail_loses_and_doubles_nothing(centre: Centre) -> None:
    with imap_stub(drops_at=2) as server:
        connect(centre.email, server)
        server.add(*[a_mail(f"word {number}", number=number) for number in (1, 2, 3)])
        fetch_mailbox(inbox_id=centre.email.pk)
        mailbox = Mailbox.objects.get()
        assert (mailbox.last_uid, mailbox.error != "") == (1, True)
        assert mailboxes_to_fetch() == [(centre.email.pk, True)]
        fetch_mailbox(inbox_id=centre.email.pk)

    assert words() == ["word 1", "word 2", "word 3"]
    assert Mailbox.objects.get().error == ""


def test_a_folder_numbered_anew_gives_nothing_twice_and_loses_nothing(centre: Centre) -> None:
    with imap_stub() as server:
        connect(centre.email, server)
        server.add(*[a_mail(f"word {number}", number=number) for number in (1, 2, 3)])
        fetch_mailbox(inbox_id=centre.email.pk)
        server.uid_validity = 8
        server.mails = {uid: server.mails[old] for uid, old in ((11, 3), (12, 1), (13, 2))}
        server.add(a_mail("word 4", number=4))
        fetch_mailbox(inbox_id=centre.email.pk)

    assert words() == ["word 1", "word 2", "word 3", "word 4"]
    mailbox = Mailbox.objects.get()
    assert (mailbox.uid_validity, mailbox.last_uid) == (8, 14)


def test_a_mail_without_an_id_is_known_again_by_what_it_says(centre: Centre) -> None:
    with imap_stub() as server:
        connect(centre.email, server)
        server.add(a_mail("same", Message_ID=""), a_mail("same", Message_ID=""), a_mail("other", Message_ID=""))
        fetch_mailbox(inbox_id=centre.email.pk)
    assert words() == ["same", "other"]


def test_a_mail_that_is_too_large_is_not_fetched_and_still_seen(centre: Centre, settings: LazySettings) -> None:
    settings.CCX_MAIL_MAX_MB = 1
    with imap_stub(sizes={1: 200 * 1024 * 1024}) as server:
        connect(centre.email, server)
        server.add(a_mail("a film", number=1), a_mail("after it", number=2))
        fetch_mailbox(inbox_id=centre.email.pk)
        asked = [what for uid, what in server.fetched if uid == 1]

    assert asked == ["(BODY.PEEK[HEADER]<0.65536>)"]
    first, second = Interaction.objects.order_by("pk")
    assert (first.subject, second.subject) == ("My order", "My order")
    assert "too large" in words()[0]
    assert words()[1] == "after it"
    assert RawContact.objects.order_by("pk")[0].payload["flags"] == ["too_large"]


def test_a_poisonous_mail_is_put_aside_and_the_next_goes_on(centre: Centre) -> None:
    poison = b"From: " + b"(" * 20_000 + b"\n\nhi"
    with imap_stub() as server:
        connect(centre.email, server)
        server.add(poison, a_mail("after it", number=2))
        fetch_mailbox(inbox_id=centre.email.pk)
        fetch_mailbox(inbox_id=centre.email.pk)

    assert words() == ["after it"]
    aside = Delivery.objects.get()
    assert bytes(aside.body).startswith(b"From: ((((")
    assert "RecursionError" in aside.error


@pytest.mark.parametrize(
    ("password", "changes", "told"),
    [
        ("wrong", {}, "refuses the user or the password"),
        ("hush", {"port": 1}, "broke"),
    ],
)
def test_why_mail_does_not_come_is_written_down(
    centre: Centre, password: str, changes: dict[str, object], told: str
) -> None:
    with imap_stub() as server:
        connect(centre.email, server, password=password, **changes)
        assert fetch_mailbox(inbox_id=centre.email.pk) == 0
    assert told in Mailbox.objects.get().error
    assert "hush" not in Mailbox.objects.get().error


def test_the_desk_names_a_mailbox_that_is_not_fetched_for_minutes_until_it_is_again(centre: Centre) -> None:
    agent = Client()
    agent.force_login(make_user(Role.AGENT))
    name, changes = str(centre.email), lambda: EventRow.objects.filter(kind="line_changed")
    with imap_stub() as server:
        connect(centre.email, server)
        fetch_mailbox(inbox_id=centre.email.pk)
        connect(centre.email, server, password="wrong")
        fetch_mailbox(inbox_id=centre.email.pk)
        assert "mail has not been fetched since" not in agent.get("/desk/_list/").content.decode()

        Mailbox.objects.update(checked_at=timezone.now() - timedelta(minutes=4))
        for _look in range(2):
            fetch_mailbox(inbox_id=centre.email.pk)
        shown = agent.get("/desk/_list/").content.decode()
        assert f"<bdi>{name}</bdi>: mail has not been fetched since" in shown
        assert "password" not in shown
        assert [row.data["state"] for row in changes()] == ["not_fetched"]

        connect(centre.email, server)
        for _look in range(2):
            fetch_mailbox(inbox_id=centre.email.pk)
        assert "has not been fetched" not in agent.get("/desk/_list/").content.decode()
        assert [row.data["state"] for row in changes().order_by("pk")] == ["not_fetched", "well"]

    Mailbox.objects.update(error="refused", checked_at=None)
    assert "mail could not be fetched yet" in agent.get("/desk/_list/").content.decode()
    centre.email.is_active = False
    centre.email.save()
    assert "could not be fetched" not in agent.get("/desk/_list/").content.decode()
