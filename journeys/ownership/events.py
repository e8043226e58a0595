"""What happens to the map and to the rates."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class MapChanged(Event):
    """Departments, journeys, jobs, touchpoints or what reasons belong to them changed.

    `what` is the kind of row; no figure follows, for facts carry the reason and the map is looked up when read.
    """

    kind: ClassVar[str] = "map_changed"
    what: str
    row_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class CostRateChanged(Event):
    """A contact that arrived at `since` (seconds of the epoch) or later may cost something else; channel 0: any."""

    kind: ClassVar[str] = "cost_rate_changed"
    since: int
    channel: int = 0
