"""The rules about lines that say no."""

from ccx.kernel.errors import DomainError


class LineIsNotRightError(DomainError):
    """A line cannot be kept as it was given; its words say why."""

    code = "line_is_not_right"


class LineIsInUseError(DomainError):
    """Contacts came over this line, or something counts on it; it can be switched off."""

    code = "line_is_in_use"


class ConsentIsNotGivenError(DomainError):
    """A provider of mailboxes let nobody in; its words say why, and what was kept before is kept."""

    code = "consent_is_not_given"
