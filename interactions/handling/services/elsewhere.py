"""An answer on another line than the one the customer used: a contact of its own, in the same case."""

from datetime import datetime

from django.db.models import Q

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import Direction, InteractionStatus, Outcome
from interactions.cases.events import InteractionStarted
from interactions.cases.models import Interaction, Message
from interactions.channels.choices import LIVE_CHANNELS, MESSAGING_CHANNELS
from interactions.handling.selectors import Way, said_to_customers
from interactions.handling.services.accepting import take
from interactions.handling.services.closing import close_interaction
from interactions.handling.services.moves import lock_interaction

RUNNING = (InteractionStatus.WAITING, InteractionStatus.ACTIVE, InteractionStatus.PENDING)


def contact_for(interaction: Interaction, way: Way, *, by: User, at: datetime) -> Interaction:
    """The contact in which an answer on that line is said: one of the case that runs there, else a new one.

    A new one waits for the customer at once: nobody's time runs until they answer, and then it is its author's.
    """
    running = Interaction.objects.filter(
        Q(agent=by) | Q(agent__isnull=True), inbox=way.inbox, identity=way.identity, status__in=RUNNING
    )
    if interaction.case_id is not None:
        found = running.filter(case_id=interaction.case_id).order_by("-started_at").first()
        if found is not None:
            there = lock_interaction(found.pk)
            if there.status == InteractionStatus.WAITING and there.agent_id in {None, by.pk}:
                take(there, agent=by, by=by, at=at)
            if there.status in RUNNING:
                return there
    return _begin(interaction, way, by=by, at=at)


def close_if_empty(interaction: Interaction, *, by: User, at: datetime) -> None:
    """A contact that we began, and in which nothing was said after all, was none."""
    if interaction.direction != Direction.OUTBOUND or interaction.is_closed:
        return
    if said_to_customers().filter(interaction=interaction).exists():
        return
    if not Message.objects.filter(interaction=interaction, is_note=True).exists():
        close_interaction(interaction_id=interaction.pk, outcome=Outcome.NOT_A_CONTACT, by=by, at=at)


def _queue(of: Interaction, way: Way) -> int | None:
    """Where it waits if its author is not there: who chats waits with those who chat, not behind a day of mails."""
    of_line = way.inbox.default_queue_id if way.inbox.channel in LIVE_CHANNELS else None
    return of_line or of.queue_id


def _begin(of: Interaction, way: Way, *, by: User, at: datetime) -> Interaction:
    begun = Interaction.objects.create(
        inbox=way.inbox,
        channel=way.inbox.channel,
        direction=Direction.OUTBOUND,
        status=InteractionStatus.PENDING,
        customer_id=of.customer_id,
        identity=way.identity,
        assurance=way.identity.assurance,
        case_id=of.case_id,
        queue_id=_queue(of, way),
        team_id=by.team_id or of.team_id,
        agent=by,
        reason_id=of.reason_id,
        subject=of.subject,
        # What the customer answers there finds its way back by what that channel threads by.
        thread_token=way.recipient[:120] if way.inbox.channel in MESSAGING_CHANNELS else "",
        started_at=at,
    )
    event = InteractionStarted(interaction_id=begun.pk, case_id=begun.case_id, customer_id=begun.customer_id)
    announce(event, by_id=by.pk, at=at)
    return begun
