"""What a person puts right: the reason, the case an interaction belongs to, the case another one continues."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.choices import CaseStatus, Outcome, ends_the_case
from interactions.cases.events import CaseLinked, CaseOpened, InteractionMoved, ReasonCorrected
from interactions.cases.models import Case, ContactReason, Interaction
from interactions.handling.errors import AnotherCustomersCaseError, CaseCannotFollowItselfError
from interactions.handling.services.moves import date_case, lock_cases, lock_interaction, reopen_case, resolve_case


@transaction.atomic
def correct_reason(*, interaction_id: int, reason: ContactReason | None, by: User | None) -> Interaction:
    """Give an interaction, running or over, another reason; its case follows where it had the same one or none."""
    interaction = lock_interaction(interaction_id)
    before = interaction.reason_id
    if before == (reason.pk if reason else None):
        return interaction
    interaction.reason = reason
    interaction.save(update_fields=["reason"])
    for case in lock_cases(interaction.case_id).values():
        if case.reason_id in {None, before}:
            case.reason = reason
            case.save(update_fields=["reason"])
    event = ReasonCorrected(
        interaction_id=interaction.pk,
        case_id=interaction.case_id,
        customer_id=interaction.customer_id,
        agent_id=interaction.agent_id,
        from_reason_id=before,
        to_reason_id=interaction.reason_id,
    )
    announce(event, by_id=by.pk if by else None)
    return interaction


@transaction.atomic
def move_interaction(
    *, interaction_id: int, to_case_id: int | None = None, at: datetime | None = None, by: User | None
) -> Interaction:
    """Put an interaction into another case of the same customer, or into a new one of its own (a split).

    A case that is left empty is over; one that gets a running interaction is open again.
    """
    moment = at or timezone.now()
    interaction = lock_interaction(interaction_id)
    before = interaction.case_id
    cases = lock_cases(before, to_case_id)
    case = _split_off(interaction, by=by) if to_case_id is None else cases.get(to_case_id)
    if case is None:
        raise Case.DoesNotExist
    if case.customer_id is not None and case.customer_id != interaction.customer_id:
        raise AnotherCustomersCaseError(case_id=case.pk)
    interaction.case, interaction.is_case_assumed = case, False
    interaction.save(update_fields=["case", "is_case_assumed"])
    if case.pk == before:
        return interaction
    event = InteractionMoved(
        interaction_id=interaction.pk, case_id=case.pk, customer_id=interaction.customer_id, from_case_id=before
    )
    announce(event, by_id=by.pk if by else None, at=moment)
    date_case(case)
    if not interaction.is_closed:
        reopen_case(case, interaction=interaction, by=by, at=moment)
    left = cases.get(before) if before is not None else None
    if left is not None:
        date_case(left)
        if not left.interactions.exists():
            resolve_case(left, interaction=interaction, by=by, at=moment)
    return interaction


@transaction.atomic
def link_cases(*, case_id: int, follows_id: int | None, by: User | None) -> Case:
    """Say that a case is the same issue as an earlier one of the same customer, or (None) take it back."""
    cases = lock_cases(case_id, follows_id)
    case = cases[case_id]
    before = case.follows_id
    if before == follows_id:
        return case
    if follows_id is not None:
        earlier = cases[follows_id]
        if earlier.customer_id != case.customer_id:
            raise AnotherCustomersCaseError(case_id=follows_id)
        _refuse_circle(case_id, earlier)
    case.follows_id = follows_id
    case.save(update_fields=["follows"])
    _keep_roots(case)
    event = CaseLinked(case_id=case.pk, customer_id=case.customer_id, follows_id=follows_id, before_id=before)
    announce(event, by_id=by.pk if by else None)
    return case


def _split_off(interaction: Interaction, *, by: User | None) -> Case:
    """A new case that stands where the interaction stands."""
    is_over = interaction.is_closed and ends_the_case(
        outcome=interaction.outcome or Outcome.NOT_A_CONTACT,
        is_resolved=interaction.is_resolved,
        direction=interaction.direction,
    )
    case = Case.objects.create(
        customer_id=interaction.customer_id,
        title=interaction.subject[:200],
        reason_id=interaction.reason_id,
        opened_at=interaction.started_at,
        status=CaseStatus.RESOLVED if is_over else CaseStatus.OPEN,
        resolved_at=interaction.closed_at if is_over else None,
    )
    event = CaseOpened(case_id=case.pk, customer_id=case.customer_id, interaction_id=interaction.pk)
    announce(event, by_id=by.pk if by else None, at=interaction.started_at)
    return case


def _keep_roots(case: Case) -> None:
    """Tell the case and all that follow it, near or far, which case their chain begins with."""
    parent = Case.objects.get(pk=case.follows_id) if case.follows_id else None
    root_id = (parent.issue_root_id or parent.pk) if parent else None
    case.issue_root_id = root_id
    case.save(update_fields=["issue_root"])
    below = [case.pk]
    while below:
        followers = Case.objects.filter(follows_id__in=below)
        below = list(followers.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Case.objects.filter(pk__in=below).update(issue_root_id=root_id or case.pk)


def _refuse_circle(case_id: int, earlier: Case | None) -> None:
    seen: set[int] = set()
    while earlier is not None and earlier.pk not in seen:
        if earlier.pk == case_id:
            raise CaseCannotFollowItselfError(case_id=case_id)
        seen.add(earlier.pk)
        earlier = earlier.follows
