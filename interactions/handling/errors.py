"""Rules of handling that may say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class InteractionIsClosedError(DomainError):
    """The interaction is closed; what comes later is a new contact"""

    code: ClassVar[str] = "interaction_is_closed"


class MoveIsNotAllowedError(DomainError):
    """The interaction cannot go from its state to the one asked for."""

    code: ClassVar[str] = "move_is_not_allowed"


class AnotherAgentHasItError(DomainError):
    """Another agent was quicker, or it was transferred to somebody else."""

    code: ClassVar[str] = "another_agent_has_it"


class MomentIsTooEarlyError(DomainError):
    """The moment lies before something that already happened."""

    code: ClassVar[str] = "moment_is_too_early"


class TransferNeedsOneTargetError(DomainError):
    """A transfer goes to a queue or to an agent, and to one of them only."""

    code: ClassVar[str] = "transfer_needs_one_target"


class AnotherCustomersCaseError(DomainError):
    """The case belongs to another customer."""

    code: ClassVar[str] = "another_customers_case"


class CaseCannotFollowItselfError(DomainError):
    """A case cannot be the continuation of itself, nor of one that continues it."""

    code: ClassVar[str] = "case_cannot_follow_itself"


class AuthorIsNotAPersonError(DomainError):
    """Only a person signed in can write as an agent"""

    code: ClassVar[str] = "author_is_not_a_person"


class WrapUpIsSettledError(DomainError):
    """What was in this contact has been said already, or it is over for more than a day"""

    code: ClassVar[str] = "wrap_up_is_settled"


class CustomerIsKnownError(DomainError):
    """Somebody found out who this is in the meantime"""

    code: ClassVar[str] = "customer_is_known"
