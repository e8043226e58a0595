"""Who gets what: the most urgent contact goes to whoever has the least in hand and has been idle the longest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Desk:
    """An agent who is there, and how much is on the desk of what fits on it."""

    agent_id: int
    team_id: int
    capacity: int
    load: int
    idle_since: datetime
    skills: frozenset[int] = frozenset()
    rings: int = 0

    @property
    def has_room(self) -> bool:
        return self.load < self.capacity


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contact that waits for an agent of one team who has all these skills."""

    interaction_id: int
    queue_id: int
    team_id: int
    skills: frozenset[int] = frozenset()
    is_call: bool = False
    is_letter: bool = False
    refused_by: frozenset[int] = frozenset()


def match(waiting: Sequence[Waiting], desks: Iterable[Desk]) -> list[tuple[int, int]]:
    """Pairs of interaction and agent, in the order given; what finds nobody goes on waiting.

    A call takes a whole desk, so it goes to an empty one. A letter, for which nobody waits on the line, rings only
    where nothing else does. Desks fill up as they are given work.
    """
    everyone = list(desks)
    fitting: dict[int, list[Desk]] = {}
    pairs: list[tuple[int, int]] = []
    for contact in waiting:
        if contact.queue_id not in fitting:
            fitting[contact.queue_id] = [
                desk for desk in everyone if desk.team_id == contact.team_id and contact.skills <= desk.skills
            ]
        here = [desk for desk in fitting[contact.queue_id] if desk.has_room]
        fitting[contact.queue_id] = here
        able = [desk for desk in here if _is_able(desk, contact)]
        if not able:
            continue
        chosen = min(able, key=_first_in_line)
        chosen.load = chosen.capacity if contact.is_call else chosen.load + 1
        chosen.rings += 1
        pairs.append((contact.interaction_id, chosen.agent_id))
    return pairs


def _is_able(desk: Desk, contact: Waiting) -> bool:
    if desk.agent_id in contact.refused_by:
        return False
    return not (contact.is_call and desk.load) and not (contact.is_letter and desk.rings)


def _first_in_line(desk: Desk) -> tuple[int, datetime, int]:
    return desk.load, desk.idle_since, desk.agent_id
