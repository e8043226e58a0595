"""Rules of calls that may say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class FlowIsWrongError(DomainError):
    """The flow cannot be followed."""

    code: ClassVar[str] = "flow_is_wrong"


class NoCallError(DomainError):
    """There is no call here that runs."""

    code: ClassVar[str] = "no_call"


class CallIsRunningError(DomainError):
    """A call with this customer is already running."""

    code: ClassVar[str] = "call_is_running"


class CannotBeControlledError(DomainError):
    """This telephone tells us of calls, and takes no orders."""

    code: ClassVar[str] = "cannot_be_controlled"


class NoSoftphoneError(DomainError):
    """The line has no API key with which a telephone in the browser could sign in."""

    code: ClassVar[str] = "no_softphone"


class NoVoiceLineError(DomainError):
    """No line is set up from which we could call."""

    code: ClassVar[str] = "no_voice_line"


class NumberIsNotAllowedError(DomainError):
    """Calls to this country are not allowed from this line."""

    code: ClassVar[str] = "number_is_not_allowed"


class NumberIsNotAttestedError(DomainError):
    """Nobody vouches that this number is the customer's."""

    code: ClassVar[str] = "number_is_not_attested"


class TooManyCallsError(DomainError):
    """Too many calls were begun from this line in the last minute; wait a moment."""

    code: ClassVar[str] = "too_many_calls"


class CallbackIsOverError(DomainError):
    """This callback was made, or is not wanted any more."""

    code: ClassVar[str] = "callback_is_over"


class NobodyToConsultError(DomainError):
    """Choose one colleague or one number, who is not in the call already."""

    code: ClassVar[str] = "nobody_to_consult"


class NothingIsRecordedError(DomainError):
    """Nothing is being recorded."""

    code: ClassVar[str] = "nothing_is_recorded"
