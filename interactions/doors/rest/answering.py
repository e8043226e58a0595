"""From receipts to what the caller is told: public ids only."""

from typing import Any
from uuid import UUID

from interactions.channels.contact import Receipt


def told(receipt: Receipt) -> dict[str, Any]:
    """A receipt with the public ids of its interaction, case, customer and message."""
    return {
        "external_id": receipt.external_id,
        "is_new": receipt.is_new,
        "started_interaction": receipt.started_interaction,
        "interaction": _text(receipt.interaction_public_id),
        "case": _text(receipt.case_public_id),
        "customer": _text(receipt.customer_public_id),
        "message": _text(receipt.message_public_id),
    }


def _text(public_id: UUID | None) -> str | None:
    return None if public_id is None else str(public_id)
