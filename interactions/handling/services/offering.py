"""The push: one pass that offers what waits to whoever is free."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from ccx.kernel.events.locks import wait_for_lock
from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction
from interactions.channels.choices import LIVE_CHANNELS
from interactions.handling.choices import NO_ANSWER
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.handling.selectors import free_desks, presence_of, waiting_for
from interactions.handling.services.offers import back_to_the_queue, end_offer, ring
from interactions.handling.services.presence import enter_state
from interactions.routing.matching import match
from interactions.routing.models import Offer, OfferEnd

LOCK = "handling:offers"
BATCH = 200
MISSED_LETTERS = 3


@transaction.atomic
def offer_waiting_work(*, now: datetime | None = None) -> int:
    """End what rang too long, hand back what waits for people who left, offer what waits; how many offers were made.

    One pass at a time. It never waits for an interaction that somebody else is just changing: it leaves that to the
    next pass, so it cannot stand in anybody's way.
    """
    wait_for_lock(LOCK)
    moment = now or timezone.now()
    _end_overdue_offers(moment)
    _hand_back_from_the_away(moment)
    desks = free_desks(moment)
    if not desks:
        return 0
    chosen = dict(match(waiting_for(desks, moment), desks))
    if not chosen:
        return 0
    free = _locked(Interaction.objects.filter(pk__in=chosen, status=InteractionStatus.WAITING, agent__isnull=True))
    return len(ring([(interaction, chosen[interaction.pk]) for interaction in free], by=None, at=moment))


def _locked(interactions: QuerySet[Interaction]) -> list[Interaction]:
    """Those that nobody else holds, locked."""
    rows = interactions.select_related("queue", "inbox__default_queue").order_by("pk")
    return list(rows.select_for_update(no_key=True, skip_locked=True, of=("self",)))


def _end_overdue_offers(now: datetime) -> None:
    """Who does not answer a customer on the line is taken to be away: on a break, until they say otherwise.

    A letter may go unanswered while one writes another; three in a row mean the same.
    """
    overdue = Offer.objects.ringing().filter(expires_at__lte=now).order_by("expires_at")[:BATCH]
    numbers = [offer.interaction_id for offer in overdue]
    if not numbers:
        return
    interactions = {one.pk: one for one in _locked(Interaction.objects.filter(pk__in=numbers))}
    still = Offer.objects.ringing().filter(interaction__in=list(interactions), expires_at__lte=now)
    silent: dict[int, User] = {}
    for offer in still.select_related("agent"):
        interaction = interactions[offer.interaction_id]
        end_offer(offer, interaction, OfferEnd.EXPIRED, by=None, at=now)
        back_to_the_queue(interaction, by=None, at=now)
        if interaction.channel in LIVE_CHANNELS or _misses_everything(offer.agent):
            silent[offer.agent_id] = offer.agent
    for agent_id in sorted(silent):
        span = presence_of(silent[agent_id])
        if span is not None and span.state == PresenceState.AVAILABLE and span.started_at <= now:
            enter_state(agent=silent[agent_id], state=PresenceState.BREAK, reason_code=NO_ANSWER, at=now, by=None)


def _misses_everything(agent: User) -> bool:
    last = Offer.objects.filter(agent=agent, ended_at__isnull=False).exclude(end=OfferEnd.WITHDRAWN)
    ends = list(last.order_by("-ended_at", "-pk").values_list("end", flat=True)[:MISSED_LETTERS])
    return ends == [OfferEnd.EXPIRED] * MISSED_LETTERS


def _hand_back_from_the_away(now: datetime) -> None:
    """What waits for an agent who has been gone for long waits for anybody."""
    newest = PresenceSpan.objects.filter(agent_id=OuterRef("agent_id")).order_by("-started_at", "-pk")
    since = now - timedelta(seconds=settings.CCX_OWNER_AWAY_SECONDS)
    kept = Interaction.objects.filter(status=InteractionStatus.WAITING, agent__isnull=False)
    away = kept.annotate(
        agent_state=Subquery(newest.values("state")[:1]), agent_since=Subquery(newest.values("started_at")[:1])
    ).filter(
        Q(agent_state__isnull=True)
        | Q(agent_state=PresenceState.OFFLINE, agent_since__lte=since)
        | Q(agent__is_active=False)
    )
    ringing = Exists(Offer.objects.ringing().filter(interaction_id=OuterRef("pk")))
    numbers = list(away.filter(~ringing).order_by("pk").values_list("pk", flat=True)[:BATCH])
    waiting = Interaction.objects.filter(pk__in=numbers, status=InteractionStatus.WAITING)
    for interaction in _locked(waiting) if numbers else []:
        back_to_the_queue(interaction, by=None, at=now)
