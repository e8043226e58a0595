"""One decision of routing: a thousand contacts that wait, two hundred agents who are there."""

import statistics
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.figures import REPETITIONS, Figure, seconds_of, tell
from interactions.handling.selectors import free_desks, waiting_for
from interactions.routing.matching import match

AGENTS: Final = 200
WAITING: Final = 1000

# Five queues of forty agents each; every tenth contact is a call, and each agent has some work behind them.
FLOOR: Final = (
    "UPDATE kernel_user SET team_id = 1 + id % 5 WHERE id <= %(agents)s",
    """INSERT INTO interactions_agentdesk (agent_id, capacity, seen_at)
    SELECT n, 5, now() FROM generate_series(1, %(agents)s) n""",
    """INSERT INTO interactions_presencespan (agent_id, state, reason_code, started_at)
    SELECT n, 'available', '', now() - make_interval(secs => n) FROM generate_series(1, %(agents)s) n""",
    """INSERT INTO interactions_interaction (id, public_id, inbox_id, channel, direction, status, queue_id, team_id,
        priority, subject, thread_token, started_at, assurance, is_case_assumed)
    SELECT 900000000 + n, gen_random_uuid(), 3, CASE WHEN n % 10 = 0 THEN 1 ELSE 3 END, 1, 'waiting', 1 + n % 5,
        1 + n % 5, n % 3, '', '', now() - make_interval(secs => n), 0, false FROM generate_series(1, %(waiting)s) n""",
    "ANALYZE interactions_interaction",
)


def routing_pass(size: int) -> None:
    """From the tables to who gets what; nothing is kept."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for statement in FLOOR:
                cursor.execute(statement.replace(" % ", " %% "), {"agents": AGENTS, "waiting": WAITING})
        taken = [seconds_of(_decide) * 1000 for _ in range(REPETITIONS)]
        tell(
            Figure(
                name="routing_pass",
                size=size,
                value=statistics.median(taken),
                unit=f"ms to decide for {AGENTS} agents and {WAITING} contacts that wait",
                bar=200,
            )
        )
        transaction.set_rollback(True)


def _decide() -> None:
    now = timezone.now()
    desks = free_desks(now)
    pairs = match(waiting_for(desks, now), desks)
    if not pairs:
        raise RuntimeError("Nobody got anything: the figure would be of nothing.")
