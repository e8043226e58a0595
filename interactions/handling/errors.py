"""Rules of handling that may say no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ccx.kernel.errors import DomainError


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that happened to a contact since somebody looked: what (a ChangeKind), who by name, when."""

    kind: str
    who: str
    when: datetime
    message_id: int | None = None


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


class NobodyHasItError(DomainError):
    """Take the contact first."""

    code: ClassVar[str] = "nobody_has_it"


class CustomerIsOnTheLineError(DomainError):
    """The customer waits on the line; a call or chat cannot be put off."""

    code: ClassVar[str] = "customer_is_on_the_line"


class MomentIsOverError(DomainError):
    """Choose a moment that is still to come."""

    code: ClassVar[str] = "moment_is_over"


class OfferIsOverError(DomainError):
    """It does not ring here any more."""

    code: ClassVar[str] = "offer_is_over"


class AgentIsNotThereError(DomainError):
    """This person does not sign in any more."""

    code: ClassVar[str] = "agent_is_not_there"


class NothingIsWrittenError(DomainError):
    """Write something first."""

    code: ClassVar[str] = "nothing_is_written"


class DraftWasSentError(DomainError):
    """These words were sent already."""

    code: ClassVar[str] = "draft_was_sent"


class ReplyIsNotPossibleError(DomainError):
    """This contact cannot be answered from here."""

    code: ClassVar[str] = "reply_is_not_possible"


class FileDoesNotFitError(DomainError):
    """The channel does not take this file."""

    code: ClassVar[str] = "file_does_not_fit"


class FileIsGoneError(DomainError):
    """A file of this message is not here any more; attach it again."""

    code: ClassVar[str] = "file_is_gone"


class TextIsTooLongError(DomainError):
    """The channel does not take so many words."""

    code: ClassVar[str] = "text_is_too_long"


class TemplateIsWrongError(DomainError):
    """The template cannot be sent like this."""

    code: ClassVar[str] = "template_is_wrong"


class CopiesAreWrongError(DomainError):
    """These people cannot get a copy."""

    code: ClassVar[str] = "copies_are_wrong"


class StaleViewError(DomainError):
    """Something happened since you looked; read it, then send again."""

    code: ClassVar[str] = "stale_view"

    def __init__(self, changes: Sequence[Change] = ()) -> None:
        super().__init__()
        self.changes = tuple(changes)


class MessageIsAnothersError(DomainError):
    """Only who wrote a message can take it back."""

    code: ClassVar[str] = "message_is_anothers"


class MessageHasLeftError(DomainError):
    """The message is on its way to the customer; it cannot be taken back any more."""

    code: ClassVar[str] = "message_has_left"


class MessageIsNotInDoubtError(DomainError):
    """Only a message that did not leave, or perhaps did not, can be sent again."""

    code: ClassVar[str] = "message_is_not_in_doubt"


class ContactHasNoCaseError(DomainError):
    """A promise belongs to a case, and this contact has none."""

    code: ClassVar[str] = "contact_has_no_case"


class WrapUpWasFinishedError(DomainError):
    """Somebody has already said how this contact ended."""

    code: ClassVar[str] = "wrap_up_was_finished"


class CustomerIsKnownError(DomainError):
    """Somebody found out who this is in the meantime."""

    code: ClassVar[str] = "customer_is_known"
