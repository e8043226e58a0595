"""What happens to lines."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class CalendarChanged(Event):
    """A line's clocks stand in another zone: its contacts may belong to other days and hours."""

    kind: ClassVar[str] = "calendar_changed"
    inbox_id: int
