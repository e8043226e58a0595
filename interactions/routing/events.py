"""What happens to the rules that waiting is measured by."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class TargetChanged(Event):
    """A contact that arrived at `since` (seconds of the epoch) or later may be measured by another target."""

    kind: ClassVar[str] = "target_changed"
    since: int
    queue_id: int = 0
    channel: int = 0
