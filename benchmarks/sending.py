"""Messages of ours on their way out, with a provider that takes them at once: what is left is our own work."""

from typing import ClassVar, Final
from unittest.mock import patch

from django.db import connection

from benchmarks.figures import Figure, seconds_of, tell
from interactions.channels import registry
from interactions.channels.choices import Channel
from interactions.channels.contract import Capabilities, Handed, Line, Outgoing
from interactions.channels.email.adapter import MailAdapter
from interactions.handling.models import Sending
from interactions.handling.outgoing import send_due_messages

MESSAGES: Final = 500
FIRST: Final = 910_000_000
QUEUE: Final = (
    """INSERT INTO interactions_interaction (id, public_id, inbox_id, channel, direction, status, queue_id, team_id,
        priority, subject, thread_token, started_at, assurance, is_case_assumed)
    SELECT %(first)s + n, gen_random_uuid(), 3, 3, 1, 'pending', 1, 1, 0, 'A letter', '', now(), 0, false
    FROM generate_series(1, %(messages)s) n""",
    """INSERT INTO interactions_message (id, public_id, interaction_id, author_kind, author_id, is_note, body,
        external_id, sent_at, recorded_at)
    SELECT %(first)s + n, gen_random_uuid(), %(first)s + n, 'agent', 1, false, 'We look into it.', '', now(), now()
    FROM generate_series(1, %(messages)s) n""",
    """INSERT INTO interactions_sending (message_id, inbox_id, channel, recipient, state, due_at, attempts, last_error)
    SELECT %(first)s + n, 3, 3, 'ann@example.test', 'queued', now(), 0, '' FROM generate_series(1, %(messages)s) n""",
)
CLEAR: Final = (
    "DELETE FROM interactions_sending WHERE message_id > %(first)s",
    "DELETE FROM interactions_message WHERE id > %(first)s",
    "DELETE FROM interactions_interaction WHERE id > %(first)s",
)


class Null(MailAdapter):
    """Takes everything."""

    channel: ClassVar[Channel] = Channel.EMAIL

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities()

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        return Handed(provider_id=str(outgoing.reference))


def sending(size: int) -> None:
    """How many messages one worker sends in a second; kept rows are taken away again."""
    told = {"first": FIRST, "messages": MESSAGES}
    with connection.cursor() as cursor:
        for statement in QUEUE:
            cursor.execute(statement, told)
    try:
        with patch.dict(registry.BY_KEY, {(Channel.EMAIL.value, ""): Null()}):
            taken = seconds_of(_send_all)
        if Sending.objects.filter(message_id__gt=FIRST).exclude(state="sent").exists():
            raise RuntimeError("Not everything was sent: the figure would be of nothing.")
    finally:
        with connection.cursor() as cursor:
            for statement in CLEAR:
                cursor.execute(statement, told)
    tell(
        Figure(
            name="sending",
            size=size,
            value=MESSAGES / taken,
            unit="messages a second by one worker",
            bar=50,
            at_least=True,
        )
    )


def _send_all() -> None:
    while send_due_messages():
        pass
