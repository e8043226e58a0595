"""What happens to customers."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class CustomerAdded(Event):
    kind: ClassVar[str] = "customer_added"


@dataclass(frozen=True, kw_only=True)
class CustomerChanged(Event):
    """Something we keep about a customer changed; `what` is profile, preference, consent or note."""

    kind: ClassVar[str] = "customer_changed"
    what: str


@dataclass(frozen=True, kw_only=True)
class IdentityAdded(Event):
    """A customer is known by one more address."""

    kind: ClassVar[str] = "identity_added"
    identity_id: int
    assurance: int


@dataclass(frozen=True, kw_only=True)
class PurchaseRecorded(Event):
    """A shop told of a purchase for the first time."""

    kind: ClassVar[str] = "purchase_recorded"
    purchase_id: int


@dataclass(frozen=True, kw_only=True)
class IdentityAttested(Event):
    """An identity became surer; contacts that came by it now count."""

    kind: ClassVar[str] = "identity_attested"
    identity_id: int
    assurance: int


@dataclass(frozen=True, kw_only=True)
class CustomersMerged(Event):
    """`customer_id` is the survivor."""

    kind: ClassVar[str] = "customers_merged"
    merged_id: int
    merge_id: int


@dataclass(frozen=True, kw_only=True)
class MergeUndone(Event):
    """`customer_id` is the customer that survived the merge."""

    kind: ClassVar[str] = "merge_undone"
    merged_id: int
    merge_id: int


@dataclass(frozen=True, kw_only=True)
class CustomersToldApart(Event):
    """A person said that `other_id` is somebody else; announced for each of the two."""

    kind: ClassVar[str] = "customers_told_apart"
    other_id: int


@dataclass(frozen=True, kw_only=True)
class ToldApartTakenBack(Event):
    """That `other_id` is somebody else holds no more; announced for each of the two."""

    kind: ClassVar[str] = "told_apart_taken_back"
    other_id: int


@dataclass(frozen=True, kw_only=True)
class CustomerErased(Event):
    kind: ClassVar[str] = "customer_erased"
