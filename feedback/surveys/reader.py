"""What follows the log for surveys: who is asked after a contact, and what is forgotten with an erased customer."""

from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from ccx.kernel.events.models import EventRow
from ccx.kernel.events.readers import Reader
from ccx.kernel.live.nudging import nudge
from ccx.kernel.live.topics import user_topic
from ccx.kernel.models import User
from ccx.kernel.people.choices import ROLE_ABILITIES, Ability
from feedback.surveys.events import FollowUpChanged
from feedback.surveys.services import forget_words, invite_customers
from interactions.cases.events import InteractionClosed
from interactions.customers.events import CustomerErased


def invite_from_events(events: Sequence[EventRow]) -> None:
    """Make the invitations of the contacts that these events say are closed. Safe to run twice; sends nothing."""
    invite_customers(interaction_ids=[event.interaction_id for event in events if event.interaction_id])


def forget_from_events(events: Sequence[EventRow]) -> None:
    """Wipe the words of the customers these events say are erased. Safe to run twice."""
    forget_words(customer_ids=[event.customer_id for event in events if event.customer_id])


def nudge_from_events(events: Sequence[EventRow]) -> None:
    """Tell the open pages of its owner, and of everybody who may take one, to read again."""
    owners = {event.agent_id for event in events if event.agent_id}
    watching = [role for role, abilities in ROLE_ABILITIES.items() if Ability.FOLLOW_UP in abilities]
    people = User.objects.filter(Q(pk__in=owners) | Q(role__in=watching, is_active=True))
    keys = people.values_list("public_id", flat=True)
    nudge(*(user_topic(key) for key in keys), what=FollowUpChanged.kind)


# It looks forward only: switching CCX on asks nobody about last year, and small batches hold customers only shortly.
SURVEY_INVITATIONS: Final = Reader(
    name="survey_invitations",
    handle=invite_from_events,
    kinds=frozenset({InteractionClosed.kind}),
    batch_size=100,
    from_beginning=False,
)
FOLLOW_UPS_LIVE: Final = Reader(
    name="follow_ups_live",
    handle=nudge_from_events,
    kinds=frozenset({FollowUpChanged.kind}),
    from_beginning=False,
)
SURVEY_ERASURE: Final = Reader(
    name="survey_erasure", handle=forget_from_events, kinds=frozenset({CustomerErased.kind}), history=True
)
