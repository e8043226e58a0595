"""The rules about customers that say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class CustomerNotFoundError(DomainError):
    """There is no such customer."""

    code: ClassVar[str] = "customer_not_found"
    status: ClassVar[int] = 404


class CustomerIsErasedError(DomainError):
    """This customer was erased; nothing can be kept about them any more."""

    code: ClassVar[str] = "customer_is_erased"


class IdentityIsInvalidError(DomainError):
    """This is not a valid address of its kind."""

    code: ClassVar[str] = "identity_is_invalid"
    status: ClassVar[int] = 422


class IdentityBelongsToAnotherError(DomainError):
    """This address belongs to another customer; if they are one person, merge the two."""

    code: ClassVar[str] = "identity_belongs_to_another"


class PurchaseBelongsToAnotherError(DomainError):
    """A purchase with this reference belongs to another customer."""

    code: ClassVar[str] = "purchase_belongs_to_another"


class ValueIsMissingError(DomainError):
    """A value that is needed was left empty or is too long."""

    code: ClassVar[str] = "value_is_missing"
    status: ClassVar[int] = 422


class SameCustomerError(DomainError):
    """These are one customer already."""

    code: ClassVar[str] = "same_customer"


class MachineMayNotMergeError(DomainError):
    """A machine merges two customers only if just one of them has a proven identity; a person may decide."""

    code: ClassVar[str] = "machine_may_not_merge"


class WereToldApartError(DomainError):
    """Somebody said that these two are not the same person; confirm that you merge them all the same."""

    code: ClassVar[str] = "were_told_apart"


class MergeIsUndoneError(DomainError):
    """This merge was undone already."""

    code: ClassVar[str] = "merge_is_undone"


class LaterMergeStandsError(DomainError):
    """The customer was merged again since; undo that merge first."""

    code: ClassVar[str] = "later_merge_stands"
