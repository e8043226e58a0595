"""What can be asked, on which scales, and when an answer is an unhappy one."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Question(TextChoices):
    """The questions of every survey, in the order they are asked. Their words are data; what they measure is not."""

    CSAT = "csat", _("Satisfaction, 1 to 5")
    CES = "ces", _("Effort, 1 to 7 (7 is easy)")
    NPS = "nps", _("Recommendation, 0 to 10")
    RESOLVED = "resolved", _("Was it resolved?")
    COMMENT = "comment", _("A free word")


SCALES: Final[Mapping[str, range]] = {
    Question.CSAT: range(1, 6),
    Question.CES: range(1, 8),
    Question.NPS: range(11),
}
SCORES: Final = ("csat", "ces", "nps", "is_resolved")
MAX_COMMENT: Final = 2000

# The purpose under which a customer's consent to being asked is kept; "withdrawn" holds for every survey.
PURPOSE: Final = "surveys"
# A preference on that topic with one of these values says the same.
PREFERS_NOT: Final = frozenset({"no", "never", "none", "off", "nein", "nie"})

# Somebody looks after a customer who says any of these. A low recommendation alone is no complaint; with words it is.
UNHAPPY_CSAT: Final = 2
UNHAPPY_CES: Final = 2
UNHAPPY_NPS_WITH_WORDS: Final = 6


def is_unhappy(answers: Mapping[str, Any]) -> bool:
    """Whether somebody should look after the customer who answered so."""
    csat, ces, nps = answers.get("csat"), answers.get("ces"), answers.get("nps")
    return (
        answers.get("is_resolved") is False
        or (csat is not None and csat <= UNHAPPY_CSAT)
        or (ces is not None and ces <= UNHAPPY_CES)
        or (nps is not None and nps <= UNHAPPY_NPS_WITH_WORDS and bool(answers.get("comment")))
    )


class NotSent(TextChoices):
    """Why an invitation that was made is not sent after all."""

    ERASED = "erased", _("The customer was erased.")
    ASKED_NOT_TO = "asked_not_to", _("The customer does not want to be asked.")
    LATELY = "lately", _("The customer was asked a short while ago.")
    NO_ADDRESS = "no_address", _("There is no e-mail address that we can rely on.")
    SWITCHED_OFF = "switched_off", _("The survey was switched off.")
