"""What surveys refuse."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class LinkHasExpiredError(DomainError):
    """The time for answering is over."""

    code: ClassVar[str] = "link_has_expired"
    status: ClassVar[int] = 410


class NothingAnsweredError(DomainError):
    """An answer without any answer."""

    code: ClassVar[str] = "nothing_answered"
    status: ClassVar[int] = 400


class FollowUpIsClosedError(DomainError):
    """This follow-up is closed already."""

    code: ClassVar[str] = "follow_up_is_closed"


class CauseIsMissingError(DomainError):
    """Say what caused it before you close it."""

    code: ClassVar[str] = "cause_is_missing"
    status: ClassVar[int] = 422


class CannotFollowUpError(DomainError):
    """This person cannot look after it: it needs the ability, and sight of the contact."""

    code: ClassVar[str] = "cannot_follow_up"
    status: ClassVar[int] = 422


class SurveyIsNotRightError(DomainError):
    """The survey asks nothing, or a question has no words in the centre's language."""

    code: ClassVar[str] = "survey_is_not_right"
    status: ClassVar[int] = 422
