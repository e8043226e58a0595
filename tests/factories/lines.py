"""Lines as their adapters see them, without a row."""

from typing import Any
from uuid import UUID

from interactions.channels.contract import Line
from tests.interactions.channels.kit import Kit

PUBLIC_ID = UUID("018f3c9e-0000-7000-8000-000000000001")


def line_for(kit: Kit, **settings: Any) -> Line:
    """A line of the kit's provider, with these settings besides its own."""
    return Line(
        inbox_id=1,
        public_id=PUBLIC_ID,
        channel=kit.channel,
        name="Line",
        address=kit.address,
        settings={**kit.settings, **settings},
        secrets=kit.secrets,
        webhook_url=f"https://contact.example.org/in/{PUBLIC_ID}/",
    )
