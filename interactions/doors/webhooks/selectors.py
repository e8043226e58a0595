"""The line that an address names."""

from uuid import UUID

from interactions.channels.models import Inbox


def line_at(public_id: UUID) -> Inbox | None:
    """The line in use at whose address a provider calls; its adapter decides whether the caller may."""
    return Inbox.objects.filter(public_id=public_id, is_active=True).first()
