"""Reading the log again: the same result, and nothing sent twice unless told to."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.events.errors import BeyondTheHeadError, UnknownReaderError
from ccx.kernel.events.models import QuarantinedEvent, ReaderEffect, ReaderPosition
from ccx.kernel.events.pumping import pump_everything
from ccx.kernel.events.replaying import replay_reader
from tests.kernel.events.conftest import tell
from tests.kernel.events.recording import taken


def test_a_replay_sends_nothing_again(event_log: None) -> None:
    tell(1, 2, 3)
    pump_everything()

    assert replay_reader(name="postman") == 3
    pump_everything()

    assert taken("postman") == [1, 2, 3, 1, 2, 3]
    assert taken("outside") == [1, 2, 3]
    assert taken("first") == [1, 2, 3]


def test_a_replay_leaves_a_trace_in_the_audit(event_log: None) -> None:
    replay_reader(name="postman", effects=True)
    entry = AuditEntry.objects.get(object_kind="reader")
    assert (entry.action, entry.door) == ("changed", "command")
    assert entry.after == {"name": "postman", "from": 1, "back": 0, "effects": True}


def test_a_replay_may_start_in_the_middle(event_log: None) -> None:
    tell(1, 2, 3)
    pump_everything()

    replay_reader(name="first", start=3)
    pump_everything()

    assert taken("first") == [1, 2, 3, 3]


def test_a_replay_with_effects_sends_again_from_there_on(event_log: None) -> None:
    tell(1, 2, 3)
    pump_everything()

    replay_reader(name="postman", start=2, effects=True)
    pump_everything()

    assert taken("outside") == [1, 2, 3, 2, 3]


def test_a_replay_leaves_alone_what_is_being_sent(event_log: None) -> None:
    tell(1)
    pump_everything()
    ReaderEffect.objects.update(state="sending", claimed_at=timezone.now())

    replay_reader(name="postman", effects=True)
    pump_everything()

    assert taken("outside") == [1]


def test_a_replay_releases_quarantined_events_that_pass_now(event_log: None) -> None:
    tell(1, 2)
    pump_everything()
    QuarantinedEvent.objects.create(
        reader="first", event_id=1, position=2, kind="thing_happened", error="", at=timezone.now()
    )

    replay_reader(name="first")
    pump_everything()

    assert QuarantinedEvent.objects.count() == 0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: replay_reader(name="first", start=5), BeyondTheHeadError),
        (lambda: replay_reader(name="first", start=0), BeyondTheHeadError),
        (lambda: replay_reader(name="nobody"), UnknownReaderError),
    ],
)
def test_a_replay_of_nonsense_is_refused(event_log: None, call: Callable[[], int], error: type[Exception]) -> None:
    tell(1)
    pump_everything()

    with pytest.raises(error):
        call()
    assert ReaderPosition.objects.get(name="first").position == 1


def test_the_commands_tell_and_do_the_same(event_log: None) -> None:
    out = StringIO()
    tell(1, 2)
    call_command("pump", "--once", stdout=out)
    call_command("replay_reader", "first", "--from", "2", stdout=out)
    call_command("readers", stdout=out)
    with pytest.raises(CommandError):
        call_command("replay_reader", "nobody", stdout=out)

    lines = out.getvalue().splitlines()
    assert lines[0] == "first goes back 1 positions and reads from 2 on."
    assert lines[1].startswith("head 2, unnumbered 0")
    assert [line.split()[:3] for line in lines[3:6]] == [
        ["first", "1", "1"],
        ["second", "2", "0"],
        ["postman", "2", "0"],
    ]
