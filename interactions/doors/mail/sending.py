"""Our answers on their way out by mail."""

from ccx.kernel.events.effects import RefusedEffectError
from ccx.kernel.mail import domain_of, post
from interactions.cases.choices import AuthorKind
from interactions.cases.models import Message
from interactions.channels.email.composing import Outgoing, compose
from interactions.channels.email.tokens import sent_id
from interactions.doors.mail.servers import smtp_connection
from interactions.handling.models import Sending

MAX_THREAD = 50


def send_mail(sending: Sending) -> None:
    """Send one message of ours. Sent twice it is the same mail: its Message-ID is made of the message.

    Raises TemporaryEffectError, RefusedEffectError, or something else where nobody knows.
    """
    message, inbox = sending.message, sending.inbox
    if not inbox.address:
        raise RefusedEffectError("the line has no address")
    outgoing = Outgoing(
        from_name=str(inbox.settings.get("from_name") or inbox.name),
        from_address=inbox.address,
        to=sending.recipient,
        subject=message.interaction.subject,
        body=message.body,
        message_public_id=message.public_id,
        interaction_id=message.interaction_id,
        thread=_thread(message, domain=domain_of(inbox.address)),
    )
    post(compose(outgoing), connection=smtp_connection(inbox))


def _thread(message: Message, *, domain: str) -> tuple[str, ...]:
    """The ids of what both sides wrote before, the oldest first: what came in by its own, what went out by ours."""
    before = (
        Message.objects.filter(interaction_id=message.interaction_id, is_note=False, sent_at__lte=message.sent_at)
        .exclude(pk=message.pk)
        .order_by("sent_at", "pk")
        .only("public_id", "author_kind", "external_id")
    )
    ids = []
    for one in before[:MAX_THREAD]:
        if one.author_kind == AuthorKind.AGENT:
            ids.append(sent_id(one.public_id, domain=domain))
        elif (told := one.external_id.partition("#")[0]).startswith("<") and told.endswith(">"):
            ids.append(told)
    return tuple(ids)
