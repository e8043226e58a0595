"""What follows the log: the telephone does what the desk did."""

from typing import Final

from ccx.kernel.events.readers import Reader
from interactions.calls.services import follow_desk
from interactions.cases.events import InteractionChanged, InteractionClosed

CALLS: Final = Reader(
    name="calls",
    handle=follow_desk,
    kinds=frozenset({InteractionChanged.kind, InteractionClosed.kind}),
    from_beginning=False,
)
