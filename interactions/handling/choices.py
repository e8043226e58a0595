"""Words of handling that are no columns."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class After(TextChoices):
    """What becomes of a contact once a reply is on its way."""

    STAY = "stay", _("Send")
    WAIT = "wait", _("Send and wait for the customer")
    WRAP_UP = "wrap_up", _("Send and wrap up")


class ChangeKind(TextChoices):
    """What may have happened to a contact behind the back of whoever looks at it."""

    CUSTOMER_WROTE = "customer_wrote", _("The customer wrote")
    COLLEAGUE_WROTE = "colleague_wrote", _("Somebody else answered")
    REASSIGNED = "reassigned", _("Somebody else has it")
    CLOSED = "closed", _("It was closed")


# Why a presence changed without the agent's doing.
NO_ANSWER = "no_answer"
CONNECTION_LOST = "connection_lost"
# The code of a message that did not leave because the customer wrote before it was to.
HELD = "held"
# What a message bears in its meta once somebody decided that its failure may stand: who (public id), and when.
STANDS = "failure_stands"
# What a message that leaves later bears in its meta: when it was written.
SCHEDULED = "scheduled_at"
