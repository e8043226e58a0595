"""One letter an owner and week, whoever sends it and whoever dies meanwhile."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.models import User
from interactions.cases.choices import AuthorKind
from interactions.channels.choices import Channel
from interactions.models import Inbox, Interaction, Message
from journeys.models import OwnerLetter
from journeys.ownership.services import letters
from tests.factories.figures import a_reason, facts, summed
from tests.factories.owners import a_department, a_touchpoint, an_owner, mapped

State = OwnerLetter.State
MONDAY = date(2026, 3, 9)
NEXT_MONDAY = datetime(2026, 3, 16, 8, tzinfo=UTC)


@pytest.fixture
def bea(db: None) -> User:
    """Bea answers for one reason, with contacts in two weeks; Leo for none."""
    bea = an_owner(name="Bea")
    a_department("Logistics", an_owner(name="Leo"))
    reason = a_reason("Wrong bill")
    mapped(reason, a_touchpoint(a_department("Billing", bea)))
    facts(12, date(2026, 3, 10), contacts=1, identified=1, repeat=1, handle_s=600, customer_id=4, reason_id=reason.pk)
    facts(10, date(2026, 3, 3), contacts=1, customer_id=4, reason_id=reason.pk)
    facts(30, date(2026, 3, 10), contacts=1, customer_id=5, reason_id=a_reason("Late").pk)
    summed()
    at = datetime(2026, 3, 10, 10, tzinfo=UTC)
    inbox = Inbox.objects.create(name="Mail", channel=Channel.EMAIL)
    contact = Interaction.objects.create(inbox=inbox, channel=Channel.EMAIL, reason=reason, started_at=at)
    said = "Wrong again! Call me at +44 113 496 0100 or ann@example.org"
    Message.objects.create(interaction=contact, author_kind=AuthorKind.CUSTOMER, body=said, sent_at=at)
    return bea


def states() -> list[str]:
    return list(OwnerLetter.objects.order_by("pk").values_list("state", flat=True))


def test_an_owner_gets_five_lines_once_a_week(bea: User) -> None:
    with time_machine.travel(NEXT_MONDAY, tick=False):
        for _time in range(3):
            letters.queue_letters_when_due()
            letters.send_due_letters()

    (sent,) = mail.outbox
    assert (sent.to, states()) == ([bea.email], [State.SENT])
    lines = [line for line in str(sent.body).splitlines() if line]
    assert lines[1:6] == [
        "Your part of the business caused 12 contacts of 1 customer in 9 Mar – 15 Mar 2026,"
        " 20% more than the week before.",
        "Most of them: Wrong bill, 12.",
        "They took 2.0 h of work; no rate says what it cost.",
        "100% of the identified ones were repeats.",
        "One customer: “Wrong again! Call me at … or …”",
    ]
    assert "/owners/?from=2026-03-09&to=2026-03-15" in lines[6]
    assert "Late" not in str(sent.body)


@pytest.mark.parametrize(
    ("moment", "queued"),
    [
        (datetime(2026, 3, 16, 6, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 16, 7, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 17, 6, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 17, 8, 0, tzinfo=UTC), 0),
    ],
)
def test_letters_are_due_on_monday_at_seven(bea: User, moment: datetime, queued: int) -> None:
    assert letters.queue_letters_when_due(moment) == queued
    assert OwnerLetter.objects.filter(week=MONDAY).count() == queued


def test_a_worker_that_dies_while_sending_leaves_a_letter_that_nobody_sends_again(
    bea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(**_mail: object) -> None:
        raise KeyboardInterrupt

    letters.queue_letters(week=MONDAY)
    with monkeypatch.context() as patched:
        patched.setattr(letters, "deliver", die)
        with pytest.raises(KeyboardInterrupt):
            letters.send_due_letters()
    assert states() == [State.SENDING]

    assert letters.send_due_letters() == 0
    OwnerLetter.objects.update(claimed_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert letters.send_due_letters() == 0
    assert letters.queue_letters(week=MONDAY) == 0
    assert (states(), mail.outbox) == ([State.UNKNOWN], [])


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (TemporaryEffectError("busy"), State.QUEUED),
        (RefusedEffectError("no such box"), State.FAILED),
        (OSError("gone"), State.UNKNOWN),
    ],
)
def test_what_the_mail_server_says_decides(
    bea: User, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str
) -> None:
    def refuse(**_mail: object) -> None:
        raise error

    letters.queue_letters(week=MONDAY)
    with monkeypatch.context() as patched:
        patched.setattr(letters, "deliver", refuse)
        letters.send_due_letters()
    assert states() == [state]
    # Not at once again, and then only what may be.
    assert letters.send_due_letters() == 0
    OwnerLetter.objects.update(claimed_at=datetime(2026, 3, 1, tzinfo=UTC))
    letters.send_due_letters()
    assert len(mail.outbox) == int(state == State.QUEUED)


def test_the_command_sends_one_week_and_refuses_what_is_none(bea: User) -> None:
    call_command("send_owner_letters", week="2026-W11", verbosity=0)
    call_command("send_owner_letters", week="2026-W11", verbosity=0)
    assert len(mail.outbox) == 1
    with pytest.raises(CommandError):
        call_command("send_owner_letters", week="last week")


def test_a_letter_is_in_the_language_of_its_owner(bea: User) -> None:
    User.objects.filter(pk=bea.pk).update(language="de")
    letters.queue_letters(week=MONDAY)
    letters.send_due_letters()
    assert mail.outbox[0].extra_headers["Content-Language"] == "de"
