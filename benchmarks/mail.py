"""A mailbox full of mail that waits: how fast it becomes contacts, from a real IMAP server to the commit of each."""

from typing import Final

from benchmarks.figures import Figure, say, seconds_of, tell
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.channels.services import keep_credentials
from interactions.doors.mail.fetching import fetch_mailbox
from interactions.doors.models import Mailbox
from interactions.intake.models import RawContact
from interactions.routing.models import Queue
from tests.factories.imapservers import PASSWORD, real_imap
from tests.factories.mailservers import a_mail

MAILS: Final = 5_000


def mail_backlog(size: int) -> None:
    """Mails a second by one worker; the rows stay, so this figure comes last."""
    with real_imap() as server:
        inbox = Inbox.objects.create(
            name="backlog",
            channel=Channel.EMAIL,
            address="backlog@ccx.test",
            default_queue=Queue.objects.first(),
            settings=server.settings("Backlog"),
        )
        keep_credentials(inbox_id=inbox.pk, credentials={"imap_password": PASSWORD}, by=None)
        mails = [
            a_mail(f"Where is order {number}?", number=f"b{number}", sender=f"c{number % 1000}@example.test")
            for number in range(MAILS)
        ]
        say(f"{MAILS} mails put there in {seconds_of(lambda: server.add(*mails, folder='Backlog')):.0f} s")
        taken = seconds_of(lambda: _fetch_all(inbox.pk))
    if RawContact.objects.filter(inbox=inbox).count() != MAILS or Mailbox.objects.get(pk=inbox.pk).error:
        raise RuntimeError("Not every mail came in: the figure would be of nothing.")
    tell(
        Figure(
            name="mail_backlog",
            size=size,
            value=MAILS / taken,
            unit="mails a second by one worker",
            bar=20,
            at_least=True,
        )
    )


def _fetch_all(inbox_id: int) -> None:
    while fetch_mailbox(inbox_id=inbox_id):
        pass
