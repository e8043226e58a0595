"""What happens to people."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class AccessChanged(Event):
    """What `agent_id` may see or do changed: role, team, grants, or the account was closed or opened."""

    kind: ClassVar[str] = "access_changed"
    is_active: bool
