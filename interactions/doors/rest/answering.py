"""From receipts to what the caller is told: public ids only."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection

from interactions.channels.contact import Receipt

# One statement however many receipts there are; ids of one kind are arrays.
PUBLIC_IDS: Final = """
    SELECT 1, id, public_id FROM interactions_case WHERE id = ANY(%s)
    UNION ALL SELECT 2, id, public_id FROM interactions_customer WHERE id = ANY(%s)
    UNION ALL SELECT 3, id, public_id FROM interactions_message WHERE id = ANY(%s)
"""


def told(receipts: Iterable[Receipt]) -> list[dict[str, Any]]:
    """Each receipt with public ids for its case, customer and message."""
    receipts = list(receipts)
    public_ids = _public_ids(receipts)
    return [
        {
            "external_id": receipt.external_id,
            "is_new": receipt.is_new,
            "started_interaction": receipt.started_interaction,
            "interaction": None if receipt.interaction_public_id is None else str(receipt.interaction_public_id),
            "case": public_ids.get((1, receipt.case_id)),
            "customer": public_ids.get((2, receipt.customer_id)),
            "message": public_ids.get((3, receipt.message_id)),
        }
        for receipt in receipts
    ]


def _public_ids(receipts: list[Receipt]) -> dict[tuple[int, int | None], str]:
    wanted = [
        [receipt.case_id for receipt in receipts if receipt.case_id is not None],
        [receipt.customer_id for receipt in receipts if receipt.customer_id is not None],
        [receipt.message_id for receipt in receipts if receipt.message_id is not None],
    ]
    if not any(wanted):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(PUBLIC_IDS, wanted)
        return {(kind, pk): str(public_id) for kind, pk, public_id in cursor.fetchall()}
