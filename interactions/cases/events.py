"""What happens to interactions and cases."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class InteractionStarted(Event):
    """A contact arrived and became an interaction; `is_complete`: it was told whole (history), and is over."""

    kind: ClassVar[str] = "interaction_started"
    message_id: int | None = None
    is_complete: bool = False


@dataclass(frozen=True, kw_only=True)
class MessageReceived(Event):
    """The customer said more in an interaction that was running."""

    kind: ClassVar[str] = "message_received"
    message_id: int


@dataclass(frozen=True, kw_only=True)
class InteractionChanged(Event):
    """Measures of an interaction may have changed: answered, held, transferred, a segment ended."""

    kind: ClassVar[str] = "interaction_changed"
    what: str


@dataclass(frozen=True, kw_only=True)
class InteractionClosed(Event):
    """The interaction is over."""

    kind: ClassVar[str] = "interaction_closed"


@dataclass(frozen=True, kw_only=True)
class ReasonCorrected(Event):
    """An interaction got another contact reason."""

    kind: ClassVar[str] = "reason_corrected"
    from_reason_id: int | None
    to_reason_id: int | None


@dataclass(frozen=True, kw_only=True)
class InteractionMoved(Event):
    """An interaction went to another case (a split, or a person's choice)."""

    kind: ClassVar[str] = "interaction_moved"
    from_case_id: int | None


@dataclass(frozen=True, kw_only=True)
class CaseOpened(Event):
    kind: ClassVar[str] = "case_opened"


@dataclass(frozen=True, kw_only=True)
class CaseResolved(Event):
    kind: ClassVar[str] = "case_resolved"


@dataclass(frozen=True, kw_only=True)
class CaseReopened(Event):
    kind: ClassVar[str] = "case_reopened"


@dataclass(frozen=True, kw_only=True)
class CaseLinked(Event):
    """A person said that a case is the same issue as an earlier one (or took it back)."""

    kind: ClassVar[str] = "case_linked"
    follows_id: int | None
    before_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ReasonChanged(Event):
    """A node of the reason tree changed its parent or its window: every contact of it is measured anew."""

    kind: ClassVar[str] = "reason_changed"
    reason_id: int
