"""Recording what customers answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from ccx.kernel.people.services.service_users import service_user
from feedback.surveys.choices import MAX_COMMENT, PURPOSE, SCORES
from feedback.surveys.errors import LinkHasExpiredError, NothingAnsweredError
from feedback.surveys.events import SurveyAnswered
from feedback.surveys.models import Invitation, Response
from feedback.surveys.selectors import does_not_want_to_be_asked
from feedback.surveys.services.following_up import follow_up_if_unhappy
from feedback.surveys.services.sending import tell_that_it_was_sent
from interactions.channels.choices import Channel
from interactions.customers.choices import ConsentState
from interactions.customers.errors import CustomerIsErasedError
from interactions.customers.services import record_consent
from interactions.models import Customer, Interaction

Answers = Mapping[str, int | bool | str | None]


@transaction.atomic
def record_answer(*, invitation_id: int, answers: Answers, at: datetime | None = None) -> Response:
    """Record what somebody answered who has the link; until it expires, answering again changes the answer.

    Raises NothingAnsweredError and LinkHasExpiredError.
    """
    moment = at or timezone.now()
    invitation = Invitation.objects.select_for_update().select_related("interaction").get(pk=invitation_id)
    if invitation.secret_hash is None or invitation.expires_at is None or invitation.expires_at <= moment:
        raise LinkHasExpiredError
    if all(value in (None, "") for value in answers.values()):
        raise NothingAnsweredError
    if invitation.state in {Invitation.State.SENDING, Invitation.State.UNKNOWN}:
        # Who answers has got it.
        invitation.state, invitation.sent_at = Invitation.State.SENT, invitation.claimed_at or moment
        invitation.save(update_fields=["state", "sent_at"])
        tell_that_it_was_sent(invitation, at=invitation.sent_at)
    return record_response(
        interaction=invitation.interaction, answers=answers, by=None, at=moment, invitation=invitation
    )


@transaction.atomic
def record_response(
    *,
    interaction: Interaction,
    answers: Answers,
    by: User | None,
    at: datetime | None = None,
    invitation: Invitation | None = None,
) -> Response:
    """Record a customer's answers about one contact; answering again replaces them and keeps the earlier scores.

    `answers` may hold csat (1-5), ces (1-7, 7 is easy), nps (0-10), is_resolved and comment. A score outside its scale
    violates a constraint of the database (IntegrityError). The same again changes nothing. An unhappy answer gets
    somebody who looks after it.
    """
    moment = at or timezone.now()
    # Two answers about one contact take turns, the first one too.
    Interaction.objects.select_for_update(no_key=True).get(pk=interaction.pk)
    found = Response.objects.filter(interaction=interaction).first()
    response = found or Response(interaction=interaction)
    before = _told(response)
    for name, value in answers.items():
        setattr(response, name, value)
    response.comment = response.comment.replace("\x00", "").strip()[:MAX_COMMENT]
    if found is not None and _told(response) == before:
        return response
    if found is not None:
        scores = {name: before[name] for name in SCORES}
        response.earlier = [*response.earlier, {**scores, "at": response.answered_at.isoformat()}]
    response.answered_at = moment
    response.invitation = invitation or response.invitation
    response.save()
    announce(
        SurveyAnswered(interaction_id=interaction.pk, case_id=interaction.case_id, customer_id=interaction.customer_id),
        by_id=by.pk if by else None,
        at=moment,
    )
    follow_up_if_unhappy(response, at=moment)
    return response


@transaction.atomic
def do_not_ask_again(*, invitation_id: int) -> bool:
    """The customer takes back the permission to ask, for good; whether that was news."""
    invitation = Invitation.objects.select_related("customer").get(pk=invitation_id)
    customer = _as_of_today(invitation.customer)
    if does_not_want_to_be_asked(customer):
        return False
    try:
        record_consent(
            customer_id=customer.pk,
            purpose=PURPOSE,
            channel=Channel.EMAIL,
            state=ConsentState.WITHDRAWN,
            source="survey link",
            by=service_user("surveys"),
        )
    except CustomerIsErasedError:
        return False
    return True


def _as_of_today(customer: Customer) -> Customer:
    while customer.merged_into is not None:
        customer = customer.merged_into
    return customer


def _told(response: Response) -> dict[str, Any]:
    return {name: getattr(response, name) for name in (*SCORES, "comment")}
