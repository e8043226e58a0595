"""What a caller leaves on the voicemail is a message with a file, in the contact of the call."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from ccx.kernel.events.log import announce
from interactions.cases.choices import AuthorKind
from interactions.cases.events import MessageReceived
from interactions.cases.models import Attachment, Message
from interactions.handling.services.moves import lock_interaction, tell_change


@dataclass(frozen=True, kw_only=True)
class VoicemailFile:
    """A voicemail in hand; `path` is where the storage has it."""

    path: str
    name: str
    content_type: str
    content: bytes = field(repr=False)


@transaction.atomic
def keep_voicemail(*, interaction_id: int, external_id: str, body: str, at: datetime) -> Message:
    """The message of a voicemail, its file still to come. Told again it is the same one."""
    interaction = lock_interaction(interaction_id)
    known = interaction.messages.filter(external_id=external_id).first()
    if known is not None:
        return known
    moment = max(at, interaction.started_at)
    message = Message.objects.create(
        interaction=interaction,
        author_kind=AuthorKind.CUSTOMER,
        body=body,
        external_id=external_id,
        meta={"voicemail": True},
        sent_at=moment,
    )
    Attachment.objects.create(
        message=message, name="voicemail.mp3", content_type="audio/mpeg", size=0, state=Attachment.State.PENDING
    )
    last = interaction.last_customer_message_at
    interaction.last_customer_message_at = max(last, moment) if last else moment
    interaction.save(update_fields=["last_customer_message_at"])
    event = MessageReceived(
        message_id=message.pk,
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
    )
    announce(event, at=moment)
    return message


@transaction.atomic
def settle_voicemail(*, interaction_id: int, external_id: str, file: VoicemailFile | None) -> Attachment | None:
    """The file is here, or without one never will be. None where its message is not, or has it already."""
    interaction = lock_interaction(interaction_id)
    files = Attachment.objects.filter(message__interaction=interaction, message__external_id=external_id)
    attachment = files.filter(state=Attachment.State.PENDING).first()
    if attachment is None:
        return None
    attachment.state = Attachment.State.LOST
    if file is not None:
        attachment.file.name = file.path
        attachment.size, attachment.content_type = len(file.content), file.content_type
        attachment.sha256, attachment.state = sha256(file.content).hexdigest(), Attachment.State.KEPT
    attachment.save(update_fields=["file", "size", "content_type", "sha256", "state"])
    tell_change(interaction, "file_settled", by=None, at=max(interaction.started_at, attachment.message.sent_at))
    return attachment
