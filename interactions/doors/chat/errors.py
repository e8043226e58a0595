"""How the chat's door refuses a visitor."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class TokenIsDeadError(DomainError):
    """This browser is not known here"""

    code = "token_is_dead"
    status: ClassVar[int] = 401


class SiteIsNotAllowedError(DomainError):
    """This site may not show the chat"""

    code = "site_is_not_allowed"
    status: ClassVar[int] = 403


class LinkIsDeadError(DomainError):
    """This link was used before, or is too old"""

    code = "link_is_dead"
    status: ClassVar[int] = 410


class NothingIsSaidError(DomainError):
    """There is nothing to send"""

    code = "nothing_is_said"
    status: ClassVar[int] = 422


class QuestionsAreOpenError(DomainError):
    """Something has to be answered before the chat begins"""

    code = "questions_are_open"
    status: ClassVar[int] = 422


class FileIsRefusedError(DomainError):
    """This file cannot be taken"""

    code = "file_is_refused"
    status: ClassVar[int] = 415


class EmailIsInvalidError(DomainError):
    """This is no e-mail address"""

    code = "email_is_invalid"
    status: ClassVar[int] = 422


class FormIsNotOfferedError(DomainError):
    """Nobody answers this form by mail"""

    code = "form_is_not_offered"
    status: ClassVar[int] = 409
