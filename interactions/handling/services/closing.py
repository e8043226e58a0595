"""How an interaction ends, and what that means for its case."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus, Outcome, SegmentEnd, ends_the_case
from interactions.cases.events import InteractionClosed, InteractionMoved
from interactions.cases.models import Case, ContactReason, Disposition, Interaction
from interactions.customers.choices import Assurance
from interactions.handling.errors import MoveIsNotAllowedError
from interactions.handling.services.moves import (
    end_stretches,
    lock_cases,
    lock_interaction,
    refuse_unless_allowed,
    resolve_case,
)

ENDED_BY = {Outcome.ABANDONED: SegmentEnd.CUSTOMER_LEFT, Outcome.CALLBACK: SegmentEnd.CALLBACK}


@transaction.atomic
def close_interaction(  # noqa: PLR0913 - what an agent says at the end, each by name
    *,
    interaction_id: int,
    outcome: int = Outcome.HANDLED,
    is_resolved: bool | None = None,
    disposition: Disposition | None = None,
    reason: ContactReason | None = None,
    was_avoidable: bool | None = None,
    at: datetime | None = None,
    by: User | None,
) -> Interaction:
    """End an interaction. Unless told otherwise one that ran its course resolves its case, if nothing else runs on it.

    `is_resolved` not given is what the disposition means. A reason not given leaves the one that stands.
    """
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    refuse_unless_allowed(interaction, InteractionStatus.CLOSED)
    if (outcome == Outcome.HANDLED) != (interaction.first_answered_at is not None) and outcome in {
        Outcome.HANDLED,
        Outcome.ABANDONED,
    }:
        raise MoveIsNotAllowedError(interaction_id=interaction_id, outcome=outcome)
    end_stretches(interaction, at=moment, ended_by=ENDED_BY.get(Outcome(outcome), SegmentEnd.DONE))
    if is_resolved is None and disposition is not None:
        is_resolved = disposition.is_resolved
    interaction.status, interaction.outcome, interaction.closed_at = InteractionStatus.CLOSED, outcome, moment
    interaction.is_resolved, interaction.disposition = is_resolved, disposition
    interaction.reason, interaction.was_avoidable = reason or interaction.reason, was_avoidable
    interaction.snoozed_until = interaction.wrap_up_ends_at = None
    interaction.save(
        update_fields=[
            *("status", "outcome", "closed_at", "is_resolved", "disposition", "reason", "was_avoidable"),
            *("snoozed_until", "wrap_up_ends_at"),
        ]
    )
    event = InteractionClosed(
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=interaction.agent_id,
    )
    announce(event, by_id=by.pk if by else None, at=moment)
    for case in lock_cases(interaction.case_id).values():
        _settle_case(case, interaction, by=by, at=moment)
    return interaction


def abandon_interaction(*, interaction_id: int, at: datetime | None = None, by: User | None) -> Interaction:
    """The customer left before an agent answered."""
    return close_interaction(interaction_id=interaction_id, outcome=Outcome.ABANDONED, at=at, by=by)


def _settle_case(case: Case, interaction: Interaction, *, by: User | None, at: datetime) -> None:
    """The same rule as for contacts that are told when over: no contact has no case, nor has an unknown who left."""
    if case.reason_id is None and interaction.reason_id is not None:
        case.reason_id = interaction.reason_id
        case.save(update_fields=["reason"])
    is_nobody = interaction.customer_id is None or interaction.assurance < Assurance.ATTESTED
    outcome = interaction.outcome or Outcome.NOT_A_CONTACT
    if outcome == Outcome.NOT_A_CONTACT or (outcome == Outcome.ABANDONED and is_nobody):
        interaction.case, interaction.is_case_assumed = None, False
        interaction.save(update_fields=["case", "is_case_assumed"])
        moved = InteractionMoved(
            interaction_id=interaction.pk, customer_id=interaction.customer_id, case_id=None, from_case_id=case.pk
        )
        announce(moved, by_id=by.pk if by else None, at=at)
        if not case.interactions.exists():
            resolve_case(case, interaction=interaction, by=by, at=at)
    elif ends_the_case(outcome=outcome, is_resolved=interaction.is_resolved, direction=interaction.direction):
        resolve_case(case, interaction=interaction, by=by, at=at)
