"""Recording what customers answer."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from feedback.surveys.events import SurveyAnswered
from feedback.surveys.models import Response
from interactions.models import Interaction


@transaction.atomic
def record_response(
    *,
    interaction: Interaction,
    answers: dict[str, int | bool | str | None],
    by: User | None,
    at: datetime | None = None,
) -> Response:
    """Record a customer's answers about one contact; answering again replaces them.

    `answers` may hold csat (1-5), ces (1-7, 7 is easy), nps (0-10), is_resolved and comment. A score outside its scale
    violates a constraint of the database (IntegrityError).
    """
    moment = at or timezone.now()
    response, _ = Response.objects.update_or_create(
        interaction=interaction, defaults={**answers, "answered_at": moment}
    )
    announce(
        SurveyAnswered(interaction_id=interaction.pk, case_id=interaction.case_id, customer_id=interaction.customer_id),
        by_id=by.pk if by else None,
        at=moment,
    )
    return response


@transaction.atomic
def forget_words(*, customer_ids: Iterable[int]) -> int:
    """Wipe what erased customers wrote in surveys; their scores stay. Returns the number of answers that held words."""
    written = Response.objects.filter(interaction__customer_id__in=customer_ids).exclude(comment="")
    return written.update(comment="")
