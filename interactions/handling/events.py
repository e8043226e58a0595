"""What happens to agents' time."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class PresenceChanged(Event):
    """An agent went to another state."""

    kind: ClassVar[str] = "presence_changed"
    state: str
