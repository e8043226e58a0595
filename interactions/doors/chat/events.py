"""What happens to chats beyond what intake and handling tell."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class VisitorLeft(Event):
    """A visitor is gone, and what we said from one moment (`after`, a seq) up to another was not shown to them."""

    kind: ClassVar[str] = "visitor_left"
    visitor_id: int
    after: int
    upto: int
