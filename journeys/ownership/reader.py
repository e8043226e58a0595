"""The reader that gives owners what they own back after somebody changed their account or took a grant."""

from collections.abc import Sequence
from typing import Final

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from ccx.kernel.people.events import AccessChanged
from journeys.ownership.services.access import share_with_owners


def keep_grants(events: Sequence[EventRow]) -> None:
    """Bring the grants of ownership in line once, however many accounts changed."""
    share_with_owners(by=None)


OWNERS_GRANTS: Final = Reader(
    name="owners_grants", handle=keep_grants, kinds=frozenset({AccessChanged.kind}), from_beginning=False
)
