"""The values of interactions, cases, messages and segments, and the rules about values."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Direction(IntegerChoices):
    INBOUND = 1, _("Inbound")
    OUTBOUND = 2, _("Outbound")


class InteractionStatus(TextChoices):
    WAITING = "waiting", _("Waiting")
    ACTIVE = "active", _("With an agent")
    # An agent has answered on a medium where nobody waits on the line; no stretch runs until the customer writes.
    PENDING = "pending", _("Waiting for customer")
    WRAP_UP = "wrap_up", _("Wrap-up")
    CLOSED = "closed", _("Closed")


# The only moves an interaction may make; services refuse anything else. A closed one never opens again:
# what comes later is a new interaction of the same case.
ALLOWED_MOVES = {
    InteractionStatus.WAITING: {InteractionStatus.WAITING, InteractionStatus.ACTIVE, InteractionStatus.CLOSED},
    InteractionStatus.ACTIVE: {
        InteractionStatus.WAITING,
        InteractionStatus.PENDING,
        InteractionStatus.WRAP_UP,
        InteractionStatus.CLOSED,
    },
    InteractionStatus.PENDING: {
        InteractionStatus.WAITING,
        InteractionStatus.ACTIVE,
        InteractionStatus.WRAP_UP,
        InteractionStatus.CLOSED,
    },
    InteractionStatus.WRAP_UP: {InteractionStatus.ACTIVE, InteractionStatus.CLOSED},
    InteractionStatus.CLOSED: set(),
}


class Outcome(IntegerChoices):
    """How an interaction ended. Unset while it runs."""

    HANDLED = 1, _("Handled by an agent")
    ABANDONED = 2, _("Customer left before an agent")
    FLOW_OUT = 3, _("Left the queue for elsewhere")
    CALLBACK = 4, _("Left the queue for a callback")
    SELF_SERVED = 5, _("Resolved without an agent")
    NOT_A_CONTACT = 6, _("No contact (phantom, test, spam, auto-reply)")


def ends_the_case(*, outcome: int, is_resolved: bool | None, direction: int) -> bool:
    """Whether a contact that ended so resolves its case: it ran its course and nobody says otherwise.

    What we started ourselves resolves only what it says it does.
    """
    if outcome not in {Outcome.HANDLED, Outcome.SELF_SERVED}:
        return False
    return is_resolved is True or (is_resolved is None and direction == Direction.INBOUND)


class CaseStatus(TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")


class AuthorKind(TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    BOT = "bot", _("Bot")
    SYSTEM = "system", _("System")


class SegmentKind(IntegerChoices):
    IVR = 1, _("IVR or bot")
    QUEUE = 2, _("Queue")
    RING = 3, _("Ring")
    TALK = 4, _("Talk")
    HOLD = 5, _("Hold")
    WRAP_UP = 6, _("Wrap-up")


class SegmentEnd(IntegerChoices):
    """Why a segment ended, where that counts."""

    DONE = 1, _("Done")
    TRANSFER_AGENT = 2, _("Transferred to an agent")
    TRANSFER_QUEUE = 3, _("Transferred to a queue")
    CUSTOMER_LEFT = 4, _("Customer left")
    NOT_ANSWERED = 5, _("Not answered")
    CALLBACK = 6, _("Callback asked")


class SegmentClock(IntegerChoices):
    """Whose clock a segment's moments were read from."""

    OURS = 1, _("Ours")
    PROVIDER = 2, _("The provider's")
    ARRIVAL = 3, _("Ours, when the provider told us")


TRANSFERS = frozenset({SegmentEnd.TRANSFER_AGENT, SegmentEnd.TRANSFER_QUEUE})
