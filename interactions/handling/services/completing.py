"""A wrap-up that ended by itself, said afterwards."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from ccx.kernel.models import User
from interactions.cases.choices import CaseStatus, ends_the_case
from interactions.cases.models import Case, ContactReason, Disposition, Interaction
from interactions.handling.errors import WrapUpIsSettledError
from interactions.handling.services.casework import correct_reason
from interactions.handling.services.moves import lock_cases, lock_interaction, resolve_case, tell_change

# After that nobody remembers; what is corrected later is corrected by a supervisor, reason by reason.
COMPLETE_WITHIN: Final = timedelta(days=1)


@transaction.atomic
def complete_wrap_up(  # noqa: PLR0913 - what an agent says at the end, each by name
    *,
    interaction_id: int,
    reason: ContactReason | None = None,
    disposition: Disposition | None = None,
    is_resolved: bool | None = None,
    was_avoidable: bool | None = None,
    at: datetime | None = None,
    by: User | None,
) -> Interaction:
    """Say what was in a contact whose wrap-up ended by itself within the last day; then it counts as said.

    A reason not given leaves the one that stands. The case follows: what is not resolved is open again.
    """
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    closed_at = interaction.closed_at
    if not interaction.is_wrap_up_default or closed_at is None or moment - closed_at > COMPLETE_WITHIN:
        raise WrapUpIsSettledError(interaction_id=interaction_id)
    if is_resolved is None and disposition is not None:
        is_resolved = disposition.is_resolved
    interaction.disposition, interaction.is_resolved = disposition, is_resolved
    interaction.was_avoidable, interaction.is_wrap_up_default = was_avoidable, False
    interaction.save(update_fields=["disposition", "is_resolved", "was_avoidable", "is_wrap_up_default"])
    tell_change(interaction, "wrap_up_completed", by=by, at=moment)
    for case in lock_cases(interaction.case_id).values():
        _settle(case, interaction, closed_at, by=by, at=moment)
    return correct_reason(interaction_id=interaction_id, reason=reason, by=by) if reason is not None else interaction


def _settle(case: Case, interaction: Interaction, closed_at: datetime, *, by: User | None, at: datetime) -> None:
    ends = ends_the_case(
        outcome=interaction.outcome or 0, is_resolved=interaction.is_resolved, direction=interaction.direction
    )
    if ends:
        resolve_case(case, interaction=interaction, by=by, at=at)
    elif case.resolved_at == closed_at:
        # Only the silence of the wrap-up resolved it: it never was, so it is not counted as come back.
        case.status, case.resolved_at = CaseStatus.OPEN, None
        case.save(update_fields=["status", "resolved_at"])
