"""What happens to agents' time, to offers, and to messages on their way out."""

from dataclasses import dataclass
from typing import ClassVar, Final

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class PresenceChanged(Event):
    """An agent went to another state."""

    kind: ClassVar[str] = "presence_changed"
    state: str


@dataclass(frozen=True, kw_only=True)
class OfferMade(Event):
    """A waiting contact begins to ring at an agent's desk."""

    kind: ClassVar[str] = "offer_made"
    offer_id: int


@dataclass(frozen=True, kw_only=True)
class OfferEnded(Event):
    """It rings there no more; `end` says why (an OfferEnd)."""

    kind: ClassVar[str] = "offer_ended"
    offer_id: int
    end: str


@dataclass(frozen=True, kw_only=True)
class MessageSettled(Event):
    """A message of ours came a step further on its way, or it failed, or its author took it back."""

    kind: ClassVar[str] = "message_settled"
    message_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class FailureLeft(Event):
    """Somebody decided that a message which did not arrive, or perhaps did not, need not be sent again."""

    kind: ClassVar[str] = "failure_left"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class PromiseMade(Event):
    """An agent promised the customer something by some moment."""

    kind: ClassVar[str] = "promise_made"
    promise_id: int


@dataclass(frozen=True, kw_only=True)
class PromiseKept(Event):
    kind: ClassVar[str] = "promise_kept"
    promise_id: int


# It is not tried any more until somebody says so.
GIVEN_UP: Final = "given_up"
# The line's mail does not come in any more; that it does again is a change to LineState.WELL.
NOT_FETCHED: Final = "not_fetched"


@dataclass(frozen=True, kw_only=True)
class LineChanged(Event):
    """A line works, is down, or is refused by its provider; `state` is a LineState, GIVEN_UP or NOT_FETCHED."""

    kind: ClassVar[str] = "line_changed"
    inbox_id: int
    state: str
