"""Rules of intake that may say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class ContactRefusedError(DomainError):
    """A contact contradicts itself and cannot be taken in; `reason` says how, `external_id` which."""

    code: ClassVar[str] = "contact_refused"
    status: ClassVar[int] = 422


class BatchIsTooLargeError(DomainError):
    """More contacts than one transaction should hold."""

    code: ClassVar[str] = "batch_is_too_large"
    status: ClassVar[int] = 413
