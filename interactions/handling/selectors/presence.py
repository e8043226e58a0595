"""Who is there."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from ccx.kernel.models import User
from interactions.handling.models import PresenceSpan, PresenceState
from interactions.handling.selectors.work import SILENT_SECONDS
from interactions.routing.models import AgentDesk


def presence_of(agent: User) -> PresenceSpan | None:
    """The state an agent is in; none if they never were in any."""
    return PresenceSpan.objects.filter(agent=agent, ended_at__isnull=True).first()


def is_team_there(team_id: int, *, now: datetime) -> bool:
    """Whether anybody of a team is at their desk, free or not, and was heard of late."""
    there = PresenceSpan.objects.filter(
        agent__team_id=team_id,
        agent__is_active=True,
        ended_at__isnull=True,
        state__in=[PresenceState.AVAILABLE, PresenceState.BUSY],
    )
    heard = AgentDesk.objects.filter(agent_id=OuterRef("agent_id"), seen_at__gt=now - timedelta(seconds=SILENT_SECONDS))
    return there.filter(Exists(heard)).exists()
