"""Who is there."""

from ccx.kernel.models import User
from interactions.handling.models import PresenceSpan


def presence_of(agent: User) -> PresenceSpan | None:
    """The state an agent is in; none if they never were in any."""
    return PresenceSpan.objects.filter(agent=agent, ended_at__isnull=True).first()
