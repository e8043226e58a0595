"""Our answers on their way out by mail."""

from interactions.cases.choices import AuthorKind
from interactions.cases.models import Message
from interactions.channels.contract import Outgoing
from interactions.channels.email.adapter import MailAdapter
from interactions.channels.registry import line_of
from interactions.handling.models import Sending

MAX_THREAD = 50


def send_mail(sending: Sending) -> None:
    """Send one message of ours. Sent twice it is the same mail: its Message-ID is made of the message.

    Raises TemporaryEffectError, RefusedEffectError, or something else where nobody knows.
    """
    message = sending.message
    outgoing = Outgoing(
        reference=message.public_id,
        recipient=sending.recipient,
        subject=message.interaction.subject,
        body=message.body,
        interaction_id=message.interaction_id,
        thread=_thread(message),
    )
    MailAdapter().send(line_of(sending.inbox), outgoing)


def _thread(message: Message) -> tuple[str, ...]:
    """What both sides wrote before, the oldest first: what came in by its own id, what went out by ours."""
    before = (
        Message.objects.filter(interaction_id=message.interaction_id, is_note=False, sent_at__lte=message.sent_at)
        .exclude(pk=message.pk)
        .order_by("sent_at", "pk")
        .only("public_id", "author_kind", "external_id")
    )
    return tuple(
        str(one.public_id) if one.author_kind == AuthorKind.AGENT else one.external_id for one in before[:MAX_THREAD]
    )
