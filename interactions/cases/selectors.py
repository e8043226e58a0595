"""Reading one contact whole."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Prefetch

from ccx.kernel.models import User
from interactions.cases.models import Attachment, Interaction, Message, Segment
from interactions.customers.models import Customer


@dataclass(frozen=True)
class Stretch:
    """A segment of the strip; `duration` is None while it runs or where the source's clock was wrong."""

    segment: Segment
    duration: timedelta | None


@dataclass(frozen=True)
class Conversation:
    """A contact with everything its page shows; `customer` only for those who may see the customer."""

    interaction: Interaction
    customer: Customer | None
    messages: tuple[Message, ...]
    stretches: tuple[Stretch, ...]


def attachment_of(*, public_id: UUID, user: User) -> Attachment | None:
    """A file of a contact that the user may read; None also while it is not fetched yet."""
    readable = Interaction.objects.readable_by(user)
    kept = Attachment.objects.filter(state=Attachment.State.KEPT)
    return kept.filter(public_id=public_id, message__interaction__in=readable).first()


def conversation(*, public_id: UUID, user: User) -> Conversation:
    """A contact the user may read, its messages in the order they were said; else Interaction.DoesNotExist."""
    interaction = (
        Interaction.objects.readable_by(user)
        .select_related("inbox", "case", "reason", "queue", "team", "agent", "disposition")
        .get(public_id=public_id)
    )
    messages = (
        Message.objects.not_taken_back()
        .filter(interaction=interaction)
        .select_related("author")
        .prefetch_related(Prefetch("attachments", queryset=Attachment.objects.order_by("pk")))
        .order_by("sent_at", "pk")
    )
    segments = (
        Segment.objects.filter(interaction=interaction).select_related("agent", "queue").order_by("started_at", "pk")
    )
    customer = Customer.objects.visible_to(user).filter(pk=interaction.customer_id or 0).first()
    return Conversation(
        interaction=interaction,
        customer=customer,
        messages=tuple(messages),
        stretches=tuple(Stretch(segment, _duration(segment)) for segment in segments),
    )


def _duration(segment: Segment) -> timedelta | None:
    if segment.ended_at is None or not segment.is_duration_known:
        return None
    return segment.ended_at - segment.started_at
