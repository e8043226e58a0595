"""What routing chooses from: desks with room, and what waits for them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import OuterRef, Subquery

from ccx.kernel.people.choices import UserKind
from interactions.cases.choices import InteractionStatus
from interactions.channels.choices import LIVE_CHANNELS, Channel
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.routing.matching import Desk, Waiting
from interactions.routing.models import AgentDesk, OfferEnd, Queue

# A browser tells of itself every 20 seconds: who missed two in a row gets nothing new.
HEARD_SECONDS: Final = 40
# Then the agent is offline.
SILENT_SECONDS: Final = 60
# Who said no to a contact, or did not answer it, is not asked again so soon.
REST_SECONDS: Final = 60
# Contacts beyond those that fit, in case the first ones were refused by those who have room.
SPARE: Final = 20

DESKS: Final = """
SELECT u.id, u.team_id, d.capacity, work.contacts + rings.contacts, rings.contacts, work.has_call OR rings.has_call,
    greatest(now_.started_at, worked.until),
    ARRAY(SELECT k.skill_id FROM interactions_agentskill k WHERE k.agent_id = u.id)
FROM interactions_agentdesk d
JOIN kernel_user u ON u.id = d.agent_id AND u.is_active AND u.kind = %(person)s AND u.team_id IS NOT NULL
CROSS JOIN LATERAL (
    SELECT p.state, p.started_at, p.ended_at FROM interactions_presencespan p
    WHERE p.agent_id = u.id ORDER BY p.started_at DESC, p.id DESC LIMIT 1
) now_
CROSS JOIN LATERAL (
    SELECT count(*) AS contacts, coalesce(bool_or(i.channel = %(voice)s), false) AS has_call
    FROM interactions_interaction i WHERE i.agent_id = u.id AND i.status IN %(in_hand)s
) work
CROSS JOIN LATERAL (
    SELECT count(*) AS contacts, coalesce(bool_or(i.channel = %(voice)s), false) AS has_call
    FROM interactions_offer o JOIN interactions_interaction i ON i.id = o.interaction_id
    WHERE o.agent_id = u.id AND o.ended_at IS NULL
) rings
CROSS JOIN LATERAL (
    SELECT max(s.ended_at) AS until FROM interactions_segment s
    WHERE s.agent_id = u.id AND s.started_at > now_.started_at - interval '1 day'
) worked
WHERE d.seen_at > %(heard)s AND now_.state = %(available)s AND now_.ended_at IS NULL
"""
WAITING: Final = """
SELECT i.id, i.queue_id, i.channel,
    ARRAY(SELECT o.agent_id FROM interactions_offer o
        WHERE o.interaction_id = i.id AND o.end IN %(refusals)s AND o.ended_at > %(rested)s)
FROM unnest(%(queues)s::bigint[], %(most)s::int[]) AS asked (queue_id, most)
CROSS JOIN LATERAL (
    SELECT w.id, w.queue_id, w.channel, w.priority, w.started_at FROM interactions_interaction w
    WHERE w.queue_id = asked.queue_id AND w.status = 'waiting' AND w.agent_id IS NULL
        AND NOT EXISTS (SELECT FROM interactions_offer o WHERE o.interaction_id = w.id AND o.ended_at IS NULL)
    ORDER BY w.priority DESC, w.started_at, w.id LIMIT asked.most
) i
ORDER BY i.priority DESC, i.started_at, i.id
"""


def free_desks(now: datetime) -> list[Desk]:
    """Agents who are there, were heard of late, and have room for more."""
    with connection.cursor() as cursor:
        cursor.execute(
            DESKS,
            {
                "person": UserKind.PERSON.value,
                "voice": Channel.VOICE.value,
                "in_hand": (InteractionStatus.ACTIVE.value, InteractionStatus.WRAP_UP.value),
                "available": PresenceState.AVAILABLE.value,
                "heard": now - timedelta(seconds=HEARD_SECONDS),
            },
        )
        return [
            Desk(agent_id, team_id, capacity, load, idle_since, frozenset(skills), rings)
            for agent_id, team_id, capacity, load, rings, has_call, idle_since, skills in cursor.fetchall()
            if load < capacity and not has_call
        ]


def waiting_for(desks: Iterable[Desk], now: datetime) -> list[Waiting]:
    """What waits in the queues of these agents' teams, the most urgent first: no more than could fit, and a few."""
    room: dict[int, int] = {}
    for desk in desks:
        room[desk.team_id] = room.get(desk.team_id, 0) + desk.capacity - desk.load
    queues = {
        queue.pk: queue
        for queue in Queue.objects.filter(is_active=True, team_id__in=list(room)).prefetch_related("skills")
    }
    if not queues:
        return []
    skills: Mapping[int, frozenset[int]] = {
        pk: frozenset(skill.pk for skill in queue.skills.all()) for pk, queue in queues.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(
            WAITING,
            {
                "refusals": (OfferEnd.DECLINED.value, OfferEnd.EXPIRED.value),
                "rested": now - timedelta(seconds=REST_SECONDS),
                "queues": list(queues),
                "most": [room[queue.team_id] + SPARE for queue in queues.values() if queue.team_id is not None],
            },
        )
        return [
            Waiting(
                number, queue_id, queues[queue_id].team_id or 0, skills[queue_id], channel == Channel.VOICE,
                channel not in LIVE_CHANNELS, frozenset(refused_by),
            )
            for number, queue_id, channel, refused_by in cursor.fetchall()
        ]  # fmt: skip


def silent_agents(now: datetime) -> list[int]:
    """Agents who are said to be there, and whose browser was heard once and is not any more."""
    newest = PresenceSpan.objects.filter(agent_id=OuterRef("agent_id")).order_by("-started_at", "-pk")
    silent = AgentDesk.objects.filter(seen_at__lt=now - timedelta(seconds=SILENT_SECONDS))
    there = silent.annotate(state=Subquery(newest.values("state")[:1])).exclude(state=None)
    return list(there.exclude(state=PresenceState.OFFLINE).order_by("agent_id").values_list("agent_id", flat=True))
