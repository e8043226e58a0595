"""The rules about the map and the rates that say no."""

from ccx.kernel.errors import DomainError


class NameTakenError(DomainError):
    """Something has this name already."""

    code = "name_taken"


class StillInUseError(DomainError):
    """It is still in use. Move what hangs on it somewhere else first."""

    code = "still_in_use"


class CannotMoveIntoItselfError(DomainError):
    """Choose another one to move everything to."""

    code = "cannot_move_into_itself"


class OwnerMayNotOwnError(DomainError):
    """An owner needs an open account with the role of an experience owner or administrator."""

    code = "owner_may_not_own"


class RateChangesThePastError(DomainError):
    """This rate begins in the past: the contacts since then would be counted anew. Say that this is meant."""

    code = "rate_changes_the_past"


class RateIsNegativeError(DomainError):
    """A rate cannot be negative."""

    code = "rate_is_negative"
