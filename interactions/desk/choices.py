"""The words of the desk: why somebody is not available."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from interactions.handling.choices import CONNECTION_LOST, NO_ANSWER
from interactions.handling.models import PresenceState


class AwayReason(TextChoices):
    """What an agent says when they take no contacts for a while. The code is kept with the time."""

    MEETING = "meeting", _("Meeting")
    TRAINING = "training", _("Training")
    OTHER_WORK = "other_work", _("Other work")
    SHORT_BREAK = "short_break", _("Short break")
    LUNCH = "lunch", _("Lunch")


_NOT_THEIR_DOING = {NO_ANSWER: _("Did not answer"), CONNECTION_LOST: _("Connection lost")}


def reason_words(code: str) -> str:
    """Why somebody is away, in words; nothing for a code that is none."""
    if code in AwayReason.values:
        return str(AwayReason(code).label)
    return str(_NOT_THEIR_DOING.get(code, ""))


# Which reasons go with which state; a state without any is said as it is.
REASONS_OF: dict[PresenceState, tuple[AwayReason, ...]] = {
    PresenceState.AVAILABLE: (),
    PresenceState.BUSY: (AwayReason.MEETING, AwayReason.TRAINING, AwayReason.OTHER_WORK),
    PresenceState.BREAK: (AwayReason.SHORT_BREAK, AwayReason.LUNCH),
    PresenceState.OFFLINE: (),
}


class ComposerMode(TextChoices):
    """What may be written in a contact now."""

    REPLY = "reply", _("Replies and notes")
    NOTE = "note", _("Notes only")
    WRAP_UP = "wrap_up", _("The wrap-up stands here")
    NOTHING = "nothing", _("Nothing")
