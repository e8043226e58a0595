"""Rules of the event log that may say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class UnknownReaderError(DomainError):
    """There is no reader of that name."""

    code: ClassVar[str] = "unknown_reader"
    status: ClassVar[int] = 404


class BeyondTheHeadError(DomainError):
    """That position has not been given yet."""

    code: ClassVar[str] = "beyond_the_head"


class EventIsGoneError(DomainError):
    """The event's month was dropped; it cannot be run again."""

    code: ClassVar[str] = "event_is_gone"


class StillFailsError(DomainError):
    """The event failed again; its error is updated."""

    code: ClassVar[str] = "still_fails"
