"""The one family of errors that a rule may raise; edges turn them into answers."""

from typing import ClassVar


class DomainError(Exception):
    """A rule said no. `code` is for machines and stays; the message is for people and may be translated.

    The REST edge answers `status` with application/problem+json, pages show the message.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, message: str = "", **details: object) -> None:
        self.details = details
        super().__init__(message or (self.__doc__ or "").strip().split("\n", maxsplit=1)[0])
