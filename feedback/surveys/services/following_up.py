"""Somebody looks after every unhappy answer."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from feedback.surveys.choices import SCORES, is_unhappy
from feedback.surveys.errors import CannotFollowUpError, CauseIsMissingError, FollowUpIsClosedError
from feedback.surveys.events import FollowUpChanged
from feedback.surveys.models import FollowUp, Response, Survey
from feedback.surveys.selectors import followers_of, may_follow_up

LONGEST_CAUSE = 300


def follow_up_if_unhappy(response: Response, *, at: datetime) -> FollowUp | None:
    """Open a follow-up for an unhappy answer, within the caller's transaction. One answer has one, however often
    it is changed."""
    if not is_unhappy({name: getattr(response, name) for name in (*SCORES, "comment")}):
        return None
    hours = response.invitation.survey.unhappy_due_hours if response.invitation else _default_hours()
    candidates = followers_of(response.interaction)
    follow_up, is_new = FollowUp.objects.get_or_create(
        response=response,
        defaults={
            "owner": candidates[0] if candidates else None,
            "opened_at": at,
            "due_at": at + timedelta(hours=hours),
        },
    )
    if is_new:
        _announce(follow_up, "opened", at=at)
    return follow_up


@transaction.atomic
def look_into(*, follow_up_id: int, by: User, at: datetime | None = None) -> FollowUp:
    """Its owner looked at it for the first time. Anybody else's look changes nothing."""
    follow_up = FollowUp.objects.select_for_update().get(pk=follow_up_id)
    if follow_up.owner_id == by.pk and follow_up.first_touched_at is None and follow_up.closed_at is None:
        follow_up.first_touched_at = at or timezone.now()
        follow_up.save(update_fields=["first_touched_at"])
    return follow_up


@transaction.atomic
def take_follow_up(*, follow_up_id: int, by: User, at: datetime | None = None) -> FollowUp:
    """Take it on oneself."""
    return hand_over_follow_up(follow_up_id=follow_up_id, to=by, by=by, at=at)


@transaction.atomic
def hand_over_follow_up(*, follow_up_id: int, to: User, by: User, at: datetime | None = None) -> FollowUp:
    """Give it to somebody who may look after it."""
    follow_up = _lock_open(follow_up_id)
    if not may_follow_up(to, follow_up.response.interaction):
        raise CannotFollowUpError
    if follow_up.owner_id == to.pk:
        return follow_up
    moment = at or timezone.now()
    follow_up.owner = to
    follow_up.first_touched_at = moment if to.pk == by.pk else None
    follow_up.save(update_fields=["owner", "first_touched_at"])
    _announce(follow_up, "taken" if to.pk == by.pk else "handed_over", at=moment, by=by)
    return follow_up


@transaction.atomic
def close_follow_up(*, follow_up_id: int, cause: str, by: User, at: datetime | None = None) -> FollowUp:
    """It is done; say what caused the trouble. Who closes one that nobody had has taken it."""
    follow_up = _lock_open(follow_up_id)
    cause = " ".join(cause.replace("\x00", " ").split())[:LONGEST_CAUSE]
    if not cause:
        raise CauseIsMissingError
    moment = at or timezone.now()
    follow_up.cause, follow_up.closed_at = cause, moment
    follow_up.owner = follow_up.owner or by
    follow_up.first_touched_at = follow_up.first_touched_at or moment
    follow_up.save(update_fields=["cause", "closed_at", "owner", "first_touched_at"])
    _announce(follow_up, "closed", at=moment, by=by)
    return follow_up


def _lock_open(follow_up_id: int) -> FollowUp:
    rows = FollowUp.objects.select_for_update(of=("self",)).select_related("response__interaction")
    follow_up = rows.get(pk=follow_up_id)
    if follow_up.closed_at is not None:
        raise FollowUpIsClosedError
    return follow_up


def _default_hours() -> int:
    return int(Survey._meta.get_field("unhappy_due_hours").get_default())


def _announce(follow_up: FollowUp, what: str, *, at: datetime, by: User | None = None) -> None:
    interaction = follow_up.response.interaction
    announce(
        FollowUpChanged(
            interaction_id=interaction.pk,
            case_id=interaction.case_id,
            customer_id=interaction.customer_id,
            agent_id=follow_up.owner_id,
            follow_up_id=follow_up.pk,
            what=what,
        ),
        by_id=by.pk if by else None,
        at=at,
    )
