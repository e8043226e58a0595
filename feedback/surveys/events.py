"""What happens to surveys."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class CustomerInvited(Event):
    """A customer was sent the questions about a contact."""

    kind: ClassVar[str] = "customer_invited"


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(Event):
    """A customer answered about a contact, or changed the answer."""

    kind: ClassVar[str] = "survey_answered"


@dataclass(frozen=True, kw_only=True)
class FollowUpChanged(Event):
    """Somebody is to look after an unhappy answer, took it on, handed it over or closed it."""

    kind: ClassVar[str] = "follow_up_changed"
    follow_up_id: int
    what: str
