"""How an interaction ends, and what that means for its case."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import CaseStatus, InteractionStatus, Outcome, SegmentEnd, SegmentKind, ends_the_case
from interactions.cases.events import InteractionClosed, InteractionMoved
from interactions.cases.models import Case, ContactReason, Disposition, Interaction, Segment
from interactions.channels.choices import LIVE_CHANNELS
from interactions.customers.choices import Assurance
from interactions.handling.errors import MoveIsNotAllowedError, WrapUpWasFinishedError
from interactions.handling.services.casework import correct_reason
from interactions.handling.services.moves import (
    end_stretches,
    lock_cases,
    lock_interaction,
    refuse_unless_allowed,
    reopen_case,
    resolve_case,
    tell_change,
)
from interactions.handling.services.offers import end_ringing
from interactions.routing.models import OfferEnd

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
    interaction = lock_interaction(interaction_id)
    said = Ending(
        outcome=Outcome(outcome),
        is_resolved=is_resolved,
        disposition=disposition,
        reason=reason,
        was_avoidable=was_avoidable,
    )
    close(interaction, said, by=by, at=at or timezone.now())
    return interaction


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What is said at the end of a contact; `is_default`: nobody said it, the time for it was over."""

    outcome: Outcome = Outcome.HANDLED
    is_resolved: bool | None = None
    disposition: Disposition | None = None
    reason: ContactReason | None = None
    was_avoidable: bool | None = None
    is_default: bool = False

    @property
    def resolves(self) -> bool | None:
        """What the agent said; else what the disposition means."""
        if self.is_resolved is None and self.disposition is not None:
            return self.disposition.is_resolved
        return self.is_resolved


def close(interaction: Interaction, said: Ending, *, by: User | None, at: datetime) -> None:
    """The same for an interaction that is locked."""
    refuse_unless_allowed(interaction, InteractionStatus.CLOSED)
    _refuse_untrue(interaction, said.outcome)
    end_ringing(interaction, OfferEnd.WITHDRAWN, by=by, at=at)
    end_stretches(interaction, at=at, ended_by=ENDED_BY.get(said.outcome, SegmentEnd.DONE))
    interaction.status, interaction.outcome, interaction.closed_at = InteractionStatus.CLOSED, said.outcome, at
    interaction.is_resolved, interaction.disposition = said.resolves, said.disposition
    interaction.reason, interaction.was_avoidable = said.reason or interaction.reason, said.was_avoidable
    interaction.snoozed_until = interaction.wrap_up_ends_at = None
    interaction.is_wrap_up_default = said.is_default
    interaction.save(
        update_fields=[
            *("status", "outcome", "closed_at", "is_resolved", "disposition", "reason", "was_avoidable"),
            *("snoozed_until", "wrap_up_ends_at", "is_wrap_up_default"),
        ]
    )
    event = InteractionClosed(
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=interaction.agent_id,
    )
    announce(event, by_id=by.pk if by else None, at=at)
    for case in lock_cases(interaction.case_id).values():
        _settle_case(case, interaction, by=by, at=at)


def _refuse_untrue(interaction: Interaction, outcome: Outcome) -> None:
    """Handled is what an agent answered, abandoned what none did. Where nobody waits on the line a contact may need no
    answer: to have had it in hand is enough."""
    is_answered = interaction.first_answered_at is not None
    if outcome == Outcome.HANDLED and not is_answered and interaction.channel not in LIVE_CHANNELS:
        is_answered = Segment.objects.filter(interaction=interaction, kind=SegmentKind.TALK).exists()
    if outcome in {Outcome.HANDLED, Outcome.ABANDONED} and is_answered != (outcome == Outcome.HANDLED):
        raise MoveIsNotAllowedError(interaction_id=interaction.pk, outcome=outcome)


def end_overdue_wrap_ups(now: datetime | None = None, *, limit: int = 200) -> int:
    """End wrap-ups whose time is over, with what stands and a mark that nobody said it; how many."""
    moment = now or timezone.now()
    due = Interaction.objects.filter(wrap_up_ends_at__lte=moment).order_by("wrap_up_ends_at")
    return sum(_end_wrap_up(number, moment) for number in list(due.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _end_wrap_up(interaction_id: int, now: datetime) -> bool:
    interaction = lock_interaction(interaction_id)
    if interaction.wrap_up_ends_at is None or interaction.wrap_up_ends_at > now:
        return False
    # The clock says when, not the sweep that looks at it.
    close(interaction, Ending(is_default=True), by=None, at=interaction.wrap_up_ends_at)
    return True


@transaction.atomic
def finish_wrap_up(  # noqa: PLR0913 - what an agent says at the end, each by name
    *,
    interaction_id: int,
    is_resolved: bool | None = None,
    disposition: Disposition | None = None,
    reason: ContactReason | None = None,
    was_avoidable: bool | None = None,
    by: User,
    at: datetime | None = None,
) -> Interaction:
    """Say afterwards what there was no time to say: only of a wrap-up that ended by itself, and once."""
    interaction = lock_interaction(interaction_id)
    if not interaction.is_wrap_up_default:
        raise WrapUpWasFinishedError(interaction_id=interaction_id)
    said = Ending(is_resolved=is_resolved, disposition=disposition)
    interaction.is_resolved, interaction.disposition = said.resolves, disposition
    interaction.was_avoidable, interaction.is_wrap_up_default = was_avoidable, False
    interaction.save(update_fields=["is_resolved", "disposition", "was_avoidable", "is_wrap_up_default"])
    moment = at or timezone.now()
    if reason is not None:
        correct_reason(interaction_id=interaction_id, reason=reason, by=by)
        interaction.refresh_from_db(fields=["reason"])
    for case in lock_cases(interaction.case_id).values():
        if said.resolves is False and case.status == CaseStatus.RESOLVED and _is_last_of(case, interaction):
            reopen_case(case, interaction=interaction, by=by, at=moment)
        elif said.resolves is True:
            resolve_case(case, interaction=interaction, by=by, at=moment)
    tell_change(interaction, "wrap_up_finished", by=by, at=moment)
    return interaction


def _is_last_of(case: Case, interaction: Interaction) -> bool:
    """Whether nothing came after it that may have resolved the case."""
    return not case.interactions.filter(started_at__gt=interaction.started_at).exists()


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
