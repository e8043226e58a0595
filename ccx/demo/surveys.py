"""What customers of the demonstration centre answered, and who looked after the unhappy ones."""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ccx.demo.centre import Centre
from ccx.demo.people import tell
from ccx.demo.story import Memory
from ccx.demo.words import words
from feedback.models import FollowUp, Invitation, Survey
from feedback.surveys.events import CustomerInvited
from feedback.surveys.services import close_follow_up, look_into, make_standard_survey, record_response, save_survey
from interactions.cases.choices import Direction, Outcome
from interactions.channels.contact import Receipt
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Identity
from interactions.models import Interaction

ANSWERED_SHARE = 0.3
REFUSED_SHARE = 0.02
# Younger than this, some of the unhappy answers still wait for somebody.
FRESH = timedelta(days=4)


def ask_customers(
    memories: Mapping[str, Memory],
    receipts: Mapping[str, Receipt],
    *,
    now: datetime,
    centre: Centre,
    rng: random.Random,
) -> int:
    """Those with an address are asked, none too often; some answer, the annoyed ones a little more often."""
    survey = make_standard_survey(by=centre.administrator)
    # Whoever tries CCX does not want to wait for the question.
    survey = save_survey(survey_id=survey.pk, values={"delay_minutes": 1}, by=centre.administrator)
    remembered = {
        number: memory for key, memory in memories.items() if (number := receipts[key].interaction_id) is not None
    }
    invitations = list(_invitations(survey, remembered, now=now, rng=rng))
    Invitation.objects.bulk_create(invitations)
    for invitation in invitations:
        if invitation.sent_at is not None:
            event = CustomerInvited(interaction_id=invitation.interaction_id, customer_id=invitation.customer_id)
            tell([event], by=None, at=invitation.sent_at)
    told = 0
    for invitation in invitations:
        memory = remembered[invitation.interaction_id]
        if invitation.sent_at is None or rng.random() > ANSWERED_SHARE * (0.8 + 0.25 * memory.annoyance):
            continue
        at = invitation.sent_at + timedelta(minutes=3 + rng.expovariate(1 / 700))
        if at < now:
            answers = _answers(memory, rng)
            record_response(
                interaction=invitation.interaction, answers=answers, by=centre.by, at=at, invitation=invitation
            )
            told += 1
    _look_after(centre, now=now, rng=rng)
    return told


def _invitations(
    survey: Survey, remembered: Mapping[int, Memory], *, now: datetime, rng: random.Random
) -> Iterator[Invitation]:
    known = Identity.objects.filter(kind=IdentityKind.EMAIL, assurance__gte=Assurance.ATTESTED)
    reachable = set(known.values_list("customer_id", flat=True))
    contacts = Interaction.objects.filter(
        pk__in=list(remembered), outcome=Outcome.HANDLED, direction=Direction.INBOUND, customer__in=reachable
    ).select_related("customer")
    asked: dict[int, datetime] = {}
    for contact in sorted(contacts, key=lambda one: (remembered[one.pk].ended_at, one.pk)):
        due_at = remembered[contact.pk].ended_at + timedelta(minutes=survey.delay_minutes)
        customer = contact.customer
        if customer is None or due_at >= now or contact.assurance < Assurance.ATTESTED:
            continue
        if customer.pk in asked and due_at - asked[customer.pk] < timedelta(days=survey.cooldown_days):
            continue
        asked[customer.pk] = due_at
        is_refused = rng.random() < REFUSED_SHARE
        yield Invitation(
            survey=survey,
            interaction=contact,
            customer=customer,
            language=customer.language[:10],
            state=Invitation.State.FAILED if is_refused else Invitation.State.SENT,
            last_error="RefusedEffectError" if is_refused else "",
            due_at=due_at,
            claimed_at=due_at,
            attempts=1,
            sent_at=None if is_refused else due_at + timedelta(seconds=2),
            expires_at=due_at + timedelta(days=survey.valid_days),
        )


def _answers(memory: Memory, rng: random.Random) -> dict[str, int | bool | str | None]:
    mood = 5.05 - memory.annoyance + rng.gauss(0, 0.7)
    csat = min(max(round(mood), 1), 5)
    answers: dict[str, int | bool | str | None] = {"csat": csat}
    if rng.random() < 0.8:
        answers["ces"] = min(max(round(mood * 1.45 - 0.3 + rng.gauss(0, 0.7)), 1), 7)
    if rng.random() < 0.55:
        answers["nps"] = min(max(round(mood * 2.1 + rng.gauss(0, 1)), 0), 10)
    if rng.random() < 0.85:
        answers["is_resolved"] = memory.is_solved if rng.random() < 0.96 else not memory.is_solved
    if rng.random() < 0.3:
        lines = words("people")["comments_good" if csat >= 4 else "comments_bad"]
        answers["comment"] = rng.choice(lines).format(agent=memory.agent)
    return answers


def _look_after(centre: Centre, *, now: datetime, rng: random.Random) -> None:
    """Most are closed within a day or two; of the last days some wait, and a few have nobody."""
    causes = words("people")["causes"]
    for follow_up in FollowUp.objects.select_related("owner").order_by("opened_at", "pk"):
        closed_at = follow_up.opened_at + timedelta(hours=1 + rng.expovariate(1 / 14))
        is_fresh = now - follow_up.opened_at < FRESH
        if closed_at < now and rng.random() < (0.4 if is_fresh else 0.99):
            by = follow_up.owner or centre.administrator
            close_follow_up(follow_up_id=follow_up.pk, cause=rng.choice(causes), by=by, at=closed_at)
        elif follow_up.owner is not None and rng.random() < 0.4:
            look_into(follow_up_id=follow_up.pk, by=follow_up.owner, at=follow_up.opened_at + timedelta(minutes=50))
        elif is_fresh and rng.random() < 0.4:
            FollowUp.objects.filter(pk=follow_up.pk).update(owner=None)
