"""Where agents' time goes."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.handling.errors import MomentIsTooEarlyError
from interactions.handling.events import PresenceChanged
from interactions.handling.models import PresenceSpan, PresenceState


@transaction.atomic
def set_presence(
    *, agent: User, state: PresenceState, reason_code: str = "", at: datetime | None = None, by: User | None
) -> PresenceSpan:
    """Put an agent into a state. The state (and reason code) they are in already is a no-op."""
    moment = at or timezone.now()
    User.objects.select_for_update(no_key=True).get(pk=agent.pk)
    current = PresenceSpan.objects.filter(agent=agent, ended_at__isnull=True).first()
    if current is not None:
        if (current.state, current.reason_code) == (state, reason_code):
            return current
        if moment < current.started_at:
            raise MomentIsTooEarlyError(agent_id=agent.pk)
        current.ended_at = moment
        current.save(update_fields=["ended_at"])
    span = PresenceSpan.objects.create(agent=agent, state=state, reason_code=reason_code, started_at=moment)
    announce(
        PresenceChanged(agent_id=agent.pk, state=PresenceState(state).value), by_id=by.pk if by else None, at=moment
    )
    return span
