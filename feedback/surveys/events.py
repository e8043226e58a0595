"""What happens to surveys."""

from dataclasses import dataclass
from typing import ClassVar

from ccx.kernel.events.log import Event


@dataclass(frozen=True, kw_only=True)
class SurveyAnswered(Event):
    """A customer answered about a contact, or changed the answer."""

    kind: ClassVar[str] = "survey_answered"
