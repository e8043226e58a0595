"""Rules of handling that may say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class InteractionIsClosedError(DomainError):
    """The interaction is closed; what comes later is a new contact"""

    code: ClassVar[str] = "interaction_is_closed"


class AuthorIsNotAPersonError(DomainError):
    """Only a person signed in can write as an agent"""

    code: ClassVar[str] = "author_is_not_a_person"
