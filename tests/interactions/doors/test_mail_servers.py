"""Mail over a real IMAP server and a real SMTP server: in, out and back, whatever breaks on the way."""

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from ccx.kernel.events.failpoints import KILLED
from interactions.channels.models import LineHealth
from interactions.channels.registry import adapter_of, line_of
from interactions.channels.services import credentials_of, keep_credentials
from interactions.doors.mail.fetching import fetch_mailbox
from interactions.doors.mail.watching import Watch, Watcher
from interactions.handling.models import Sending
from interactions.handling.outgoing import send_due_messages
from interactions.models import Inbox, Interaction, Mailbox, Message
from tests.factories.contacts import Centre, make_centre
from tests.factories.desks import reply
from tests.factories.imapservers import PASSWORD, RealImap, proxy_to, real_imap
from tests.factories.mailservers import a_mail, imap_stub, smtp_stub
from tests.factories.webservers import Heard, Said, stand_in
from tests.killing import exit_code_of


@pytest.fixture(scope="module")
def server() -> Iterator[RealImap]:
    with real_imap() as server:
        yield server


def connect(inbox: Inbox, told: dict[str, Any], **secrets: str) -> Inbox:
    inbox.settings, inbox.address = told, "help@ccx.test"
    inbox.save(update_fields=["settings", "address"])
    return keep_credentials(inbox_id=inbox.pk, credentials={"imap_password": PASSWORD, **secrets}, by=None)


def words() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("body", flat=True))


def numbered(first: int, last: int) -> list[bytes]:
    return [a_mail(f"word {number}", number=number) for number in range(first, last + 1)]


def test_mail_comes_in_from_two_mailboxes_an_answer_leaves_and_its_answer_comes_back(
    centre: Centre, server: RealImap
) -> None:
    other = Inbox.objects.create(name="sales", channel=centre.email.channel, default_queue=centre.queue)
    with smtp_stub() as out:
        smtp = {"smtp": {"host": "127.0.0.1", "port": out.port, "security": "none"}}
        connect(centre.email, server.settings("Story") | smtp)
        connect(other, server.settings("Sales"))
        Inbox.objects.filter(pk=other.pk).update(address="sales@ccx.test")
        server.add(a_mail("Where is my order?"), folder="Story")
        server.add(
            a_mail("What does it cost?", number=2, sender="bo@example.test", To="sales@ccx.test"), folder="Sales"
        )
        assert [fetch_mailbox(inbox_id=inbox.pk) for inbox in (centre.email, other)] == [1, 1]
        number = Interaction.objects.get(inbox=centre.email).pk
        said = reply(number, centre.alice, "It leaves tomorrow.")
        Sending.objects.update(due_at=said.message.sent_at)
        assert send_due_messages() == 1
        (mail,) = out.taken
        server.add(a_mail("Thank you!", number=3, To=mail["Reply-To"], Subject="Another subject"), folder="Story")
        assert fetch_mailbox(inbox_id=centre.email.pk) == 1

    assert Sending.objects.get().state == "sent"
    assert list(Message.objects.filter(interaction=number).order_by("pk").values_list("body", flat=True)) == [
        "Where is my order?",
        "It leaves tomorrow.",
        "Thank you!",
    ]
    assert Interaction.objects.count() == 2
    assert Mailbox.objects.exclude(error="").count() == 0


def test_a_line_cut_in_the_middle_of_a_mail_loses_and_doubles_nothing(centre: Centre, server: RealImap) -> None:
    mails = [a_mail(f"word {number} {'x' * 20_000}", number=number) for number in (1, 2, 3)]
    server.add(*mails, folder="Cut")
    with proxy_to(server.port, cuts_after=35_000) as proxy:
        connect(centre.email, server.settings("Cut", port=proxy.port))
        assert fetch_mailbox(inbox_id=centre.email.pk) == 1
        assert "broke" in Mailbox.objects.get().error
        assert fetch_mailbox(inbox_id=centre.email.pk) == 2
    assert [body[:6] for body in words()] == ["word 1", "word 2", "word 3"]
    assert Mailbox.objects.get().error == ""


def test_a_folder_that_came_back_in_another_order_gives_nothing_twice_and_loses_nothing(
    centre: Centre, server: RealImap
) -> None:
    connect(centre.email, server.settings("Lost"))
    server.add(*numbered(1, 3), folder="Lost")
    assert fetch_mailbox(inbox_id=centre.email.pk) == 3
    before = Mailbox.objects.get()
    one, two, three, four = numbered(1, 4)
    server.make_anew("Lost", four, three, one, two)
    fetch_mailbox(inbox_id=centre.email.pk)

    assert Mailbox.objects.get().uid_validity != before.uid_validity
    assert words() == ["word 1", "word 2", "word 3", "word 4"]
    assert fetch_mailbox(inbox_id=centre.email.pk) == 0


def fetch_until_killed(inbox: Inbox, failpoint: str) -> int:
    return exit_code_of(lambda: fetch_mailbox(inbox_id=inbox.pk), failpoint)


def test_a_process_killed_around_the_commit_of_a_mail_loses_and_doubles_nothing(
    transactional_db: None, server: RealImap
) -> None:
    inbox = connect(make_centre().email, server.settings("Killed"))
    server.add(*numbered(1, 3), folder="Killed")

    assert fetch_until_killed(inbox, "mail.before_commit") == KILLED
    assert words() == []
    assert fetch_until_killed(inbox, "mail.after_commit") == KILLED
    assert words() == ["word 1"]
    assert fetch_mailbox(inbox_id=inbox.pk) == 2
    assert words() == ["word 1", "word 2", "word 3"]


def test_new_mail_is_told_at_once_and_again_after_the_line_was_cut(centre: Centre, server: RealImap) -> None:
    told: queue.Queue[int] = queue.Queue()
    with proxy_to(server.port) as proxy:
        server.add(*numbered(1, 1), folder="Idle")
        line = line_of(connect(centre.email, server.settings("Idle", port=proxy.port)))
        watcher = Watcher(line, told.put)
        watcher.start()
        try:
            # Once when it begins to wait, for what came before.
            assert told.get(timeout=10) == centre.email.pk
            assert watcher.is_waiting.wait(10)
            server.add(*numbered(2, 2), folder="Idle")
            assert told.get(timeout=10) == centre.email.pk
            proxy.cut()
            assert told.get(timeout=20) == centre.email.pk
            server.add(*numbered(3, 3), folder="Idle")
            assert told.get(timeout=10) == centre.email.pk
        finally:
            watcher.stop()
            watcher.join(10)
    assert not watcher.is_alive()


def test_a_token_is_asked_for_kept_renewed_when_refused_and_missed_when_taken_back(centre: Centre) -> None:
    given = iter(["first", "second"])

    def provider(heard: Heard) -> Said:
        token = next(given, None)
        if token is None:
            return Said(400, b'{"error": "invalid_grant", "error_description": "AADSTS70008: expired"}')
        renewed = f'"refresh_token": "refresh-{token}"'
        return Said(200, f'{{"access_token": "{token}", "expires_in": 3600, {renewed}}}'.encode())

    with imap_stub(token="first") as mailbox, stand_in(provider) as tokens:
        told = mailbox.settings(sign_in="token")
        told["oauth"] = {"provider": "other", "client_id": "app", "token_url": f"{tokens.url}/token"}
        connect(centre.email, told, oauth_refresh_token="refresh-0", oauth_client_secret="s3cret")
        mailbox.add(*numbered(1, 1))
        assert [fetch_mailbox(inbox_id=centre.email.pk) for _ in range(2)] == [1, 0]
        assert len(tokens.heard) == 1
        assert b"refresh_token=refresh-0" in tokens.heard[0].body

        mailbox.token = "second"  # the first one was taken back before its time
        mailbox.add(*numbered(2, 2))
        assert fetch_mailbox(inbox_id=centre.email.pk) == 1
        assert b"refresh_token=refresh-first" in tokens.heard[1].body
        centre.email.refresh_from_db()
        assert credentials_of(centre.email)["oauth_refresh_token"] == "refresh-second"
        assert "second" not in centre.email.credentials
        assert not LineHealth.objects.exists()

        mailbox.token = "third"  # and now the consent
        mailbox.add(*numbered(3, 3))
        assert fetch_mailbox(inbox_id=centre.email.pk) == 0
        assert "consent" in Mailbox.objects.get().error
        health = LineHealth.objects.get()
        assert (health.state, "s3cret" in health.last_error) == ("refused", False)

        given = iter(["third"])  # somebody gave it anew
        assert fetch_mailbox(inbox_id=centre.email.pk) == 1
        assert (Mailbox.objects.get().error, LineHealth.objects.get().state) == ("", "well")
    assert words() == ["word 1", "word 2", "word 3"]


def test_a_line_is_tried_step_by_step_and_the_step_that_fails_says_why(centre: Centre, server: RealImap) -> None:
    adapter = adapter_of(centre.email)
    assert adapter is not None

    def tried(told: dict[str, Any], **secrets: str) -> list[tuple[str, bool, str]]:
        line = line_of(connect(centre.email, told, **secrets))
        return [(str(step.name), step.is_well, str(step.told)) for step in adapter.check(line)]

    with smtp_stub() as out:
        smtp = {"smtp": {"host": "127.0.0.1", "port": out.port, "security": "none"}}
        steps = tried(server.settings() | smtp)
        assert [is_well for _, is_well, _ in steps] == [True] * 7
        assert out.recipients == [["help@ccx.test"]]
        (_, _, last) = tried(server.settings("Nowhere") | smtp)[3]
        assert "no such folder" in last
        (*_, last) = tried(server.settings() | smtp, imap_password="wrong")[2]
        assert "refuses the user or the password" in last
        assert "Nothing listens" in tried(server.settings(port=1) | smtp)[1][2]
        assert "does not speak TLS" in tried(server.settings(security="tls") | smtp)[1][2]
        assert "No machine of the name" in tried(server.settings(host="imap.invalid") | smtp)[0][2]
    with smtp_stub(at_rcpt="550 5.1.1 No such user") as out:
        (*_, last) = tried({"smtp": {"host": "127.0.0.1", "port": out.port, "security": "none"}})[-1]
        assert "550" in last


def test_every_mailbox_has_one_who_waits_at_it_as_long_as_it_is_as_it_was(centre: Centre) -> None:
    watch = Watch(lambda _inbox_id: None)
    with imap_stub() as mailbox:
        inbox = connect(centre.email, mailbox.settings())
        watch.look()
        (first,) = watch.watchers.values()
        keep_credentials(inbox_id=inbox.pk, credentials={"oauth_access_token": "new"}, by=None)
        watch.look()
        assert watch.watchers == {inbox.pk: first}
        connect(inbox, mailbox.settings(folder="Another"))
        watch.look()
        (second,) = watch.watchers.values()
        assert (second is first, first.is_over.is_set()) == (False, True)
        Inbox.objects.update(is_active=False)
        watch.look()
        assert watch.watchers == {}
        for watcher in (first, second):
            watcher.join(10)
            assert not watcher.is_alive()
