"""Where agents' time goes, and what is left of it when their browser falls silent."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, SegmentKind
from interactions.cases.models import Interaction
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.handling.choices import CONNECTION_LOST
from interactions.handling.errors import MomentIsTooEarlyError
from interactions.handling.events import PresenceChanged
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.handling.selectors import presence_of
from interactions.handling.selectors.work import HEARD_SECONDS, silent_agents
from interactions.handling.services.moves import begin_stretch, end_stretches, lock_interaction, tell_change
from interactions.handling.services.offers import back_to_the_queue, end_offer
from interactions.routing.models import AgentDesk, Offer, OfferEnd

# Who is heard again so soon is taken to have been there all the while.
BACK_WITHIN = timedelta(minutes=10)
AWAY = frozenset({PresenceState.BREAK, PresenceState.OFFLINE})


@transaction.atomic
def set_presence(
    *, agent: User, state: PresenceState, reason_code: str = "", at: datetime | None = None, by: User | None
) -> PresenceSpan:
    """Put an agent into a state. The state (and reason code) they are in already is a no-op.

    Nothing rings for who goes on a break. Who goes offline leaves nothing running: what was written to them waits for
    them, a chat waits for somebody else; a call goes on, its line is not the browser.
    """
    moment = at or timezone.now()
    if state in AWAY:
        _clear_desk(agent.pk, is_gone=state == PresenceState.OFFLINE, by=by, at=moment)
    return enter_state(agent=agent, state=state, reason_code=reason_code, at=moment, by=by)


def enter_state(*, agent: User, state: PresenceState, reason_code: str, at: datetime, by: User | None) -> PresenceSpan:
    """The same without a look at what is on the desk."""
    User.objects.select_for_update(no_key=True).get(pk=agent.pk)
    current = presence_of(agent)
    if current is not None:
        if (current.state, current.reason_code) == (state, reason_code):
            return current
        if at < current.started_at:
            raise MomentIsTooEarlyError(agent_id=agent.pk)
        current.ended_at = at
        current.save(update_fields=["ended_at"])
    span = PresenceSpan.objects.create(agent=agent, state=state, reason_code=reason_code, started_at=at)
    announce(PresenceChanged(agent_id=agent.pk, state=PresenceState(state).value), by_id=by.pk if by else None, at=at)
    return span


@transaction.atomic
def hear_agent(*, agent: User, now: datetime | None = None) -> None:
    """The agent's browser says that it is there. Who was lost a moment ago is back where they were."""
    moment = now or timezone.now()
    if not AgentDesk.objects.filter(agent=agent).update(seen_at=moment):
        AgentDesk.objects.get_or_create(agent=agent, defaults={"seen_at": moment})
    current = presence_of(agent)
    if current is None or current.reason_code != CONNECTION_LOST or current.started_at < moment - BACK_WITHIN:
        return
    before = PresenceSpan.objects.filter(agent=agent, ended_at=current.started_at).exclude(pk=current.pk)
    last = before.order_by("-pk").first()
    if last is not None:
        set_presence(agent=agent, state=PresenceState(last.state), reason_code=last.reason_code, at=moment, by=None)


def hear_agents(*, agent_ids: Collection[int]) -> None:
    """The browsers of many agents say that they are there: a write for all of them, a look at those who were lost."""
    moment = timezone.now()
    desks = [AgentDesk(agent_id=pk, seen_at=moment) for pk in sorted(agent_ids)]
    AgentDesk.objects.bulk_create(desks, update_conflicts=True, unique_fields=["agent"], update_fields=["seen_at"])
    lost = PresenceSpan.objects.filter(agent_id__in=agent_ids, ended_at__isnull=True, reason_code=CONNECTION_LOST)
    for agent in User.objects.filter(pk__in=lost.values("agent_id"), is_active=True).order_by("pk"):
        hear_agent(agent=agent, now=moment)


def agent_gone(*, agent: User, now: datetime | None = None) -> int:
    """The agent's last browser closed: what rings there rings elsewhere at once; how many did.

    A page that is loaded again closes and opens too, so the agent's state is left alone for a while.
    """
    moment = now or timezone.now()
    silent_since = moment - timedelta(seconds=HEARD_SECONDS)
    AgentDesk.objects.filter(agent=agent, seen_at__gt=silent_since).update(seen_at=silent_since)
    ringing = Offer.objects.ringing().filter(agent=agent).order_by("pk").values_list("pk", flat=True)
    return sum(_withdraw(offer_id, moment) for offer_id in list(ringing))


def end_silence(now: datetime | None = None) -> int:
    """Agents whose browser has not been heard for a minute are offline; how many became so."""
    moment = now or timezone.now()
    lost = silent_agents(moment)
    for agent in User.objects.filter(pk__in=lost).order_by("pk"):
        set_presence(agent=agent, state=PresenceState.OFFLINE, reason_code=CONNECTION_LOST, at=timezone.now(), by=None)
    return len(lost)


@transaction.atomic
def _withdraw(offer_id: int, at: datetime) -> bool:
    interaction = lock_interaction(Offer.objects.get(pk=offer_id).interaction_id)
    offer = Offer.objects.ringing().filter(pk=offer_id).first()
    if offer is None:
        return False
    end_offer(offer, interaction, OfferEnd.WITHDRAWN, by=None, at=at)
    back_to_the_queue(interaction, by=None, at=at)
    return True


def _clear_desk(agent_id: int, *, is_gone: bool, by: User | None, at: datetime) -> None:
    """Locks of several interactions are taken in the order of their ids, and before the agent's."""
    rings = Q(pk__in=Offer.objects.ringing().filter(agent_id=agent_id).values("interaction_id"))
    runs = Q(agent_id=agent_id, status=InteractionStatus.ACTIVE)
    wanted = Interaction.objects.filter(rings | runs if is_gone else rings).order_by("pk")
    for interaction in wanted.select_for_update(no_key=True):
        offer = Offer.objects.ringing().filter(interaction=interaction, agent_id=agent_id).first()
        if offer is not None:
            end_offer(offer, interaction, OfferEnd.WITHDRAWN, by=by, at=at)
            back_to_the_queue(interaction, by=by, at=at)
        elif interaction.status == InteractionStatus.ACTIVE and interaction.channel != Channel.VOICE:
            _lay_down(interaction, by=by, at=at)


def _lay_down(interaction: Interaction, *, by: User | None, at: datetime) -> None:
    """What an agent who goes had in hand waits: for them where nobody is on the line, else for anybody."""
    end_stretches(interaction, at=at)
    interaction.status = InteractionStatus.WAITING
    interaction.save(update_fields=["status"])
    if interaction.channel in LIVE_CHANNELS and back_to_the_queue(interaction, by=by, at=at):
        return
    if interaction.queue_id is not None:
        begin_stretch(interaction, SegmentKind.QUEUE, at=at)
    tell_change(interaction, "laid_down", by=by, at=at)
