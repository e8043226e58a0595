"""Invitations on their way: claimed by one worker, given a secret, sent, settled. Never twice.

A worker that dies in between leaves "perhaps sent", and nobody sends it again; if the customer answers, it was sent.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final
from uuid import uuid4

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ccx.kernel.events import failpoints
from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.events.log import announce
from ccx.kernel.events.trouble import describe
from ccx.kernel.mail import deliver
from ccx.kernel.models import User
from feedback.surveys.choices import NotSent
from feedback.surveys.events import CustomerInvited
from feedback.surveys.mailing import Mail, invitation_mail, test_mail
from feedback.surveys.models import Invitation, Survey
from feedback.surveys.selectors import (
    address_to_ask,
    does_not_want_to_be_asked,
    family_of,
    hash_of,
    was_asked_lately,
)
from interactions.customers.errors import CustomerIsErasedError
from interactions.customers.services.locking import lock_customer

logger = structlog.get_logger(__name__)

State = Invitation.State
SECRET_BYTES: Final = 32
# A mail server that is silent for so long is not asked; whoever holds a claim for longer is dead.
DEAD_AFTER: Final = timedelta(minutes=5)
MAX_ATTEMPTS: Final = 12
LONGEST_WAIT: Final = timedelta(hours=6)
LEFT: Final = (State.SENDING, State.SENT, State.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class _Claimed:
    invitation: Invitation
    secret: str
    address: str


def send_due_invitations(limit: int = 50) -> int:
    """Send what is due, oldest first; how many were tried. Any number of workers may do so at once."""
    tried = 0
    for claimed in _claim(limit):
        _carry_out(claimed)
        tried += 1
    return tried


def settle_the_silent(now: datetime | None = None) -> int:
    """Invitations whose worker died while sending: perhaps sent, and never sent again. How many."""
    silent = Invitation.objects.filter(state=State.SENDING, claimed_at__lt=(now or timezone.now()) - DEAD_AFTER)
    return silent.update(state=State.UNKNOWN, last_error="the worker died while sending")


def send_test(*, survey: Survey, language: str, link: str, by: User) -> None:
    """Send the mail of a survey to oneself, with a link that records nothing. Raises what the mail server says."""
    mail = test_mail(survey, link=link, language=language)
    _deliver(mail, to=by.email, key=f"survey-test:{uuid4()}")


def _claim(limit: int) -> Iterator[_Claimed]:
    due = Invitation.objects.filter(state=State.QUEUED, due_at__lte=timezone.now())
    for pk in due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit]:
        claimed = _claim_one(pk)
        if claimed is not None:
            yield claimed


@transaction.atomic
def _claim_one(pk: int) -> _Claimed | None:
    """Take one, if nobody else has it and nothing has come in between since it was made.

    The customer is locked first: of two of one person's invitations (a merge can bring that about) one is sent.
    """
    row = Invitation.objects.select_related("survey", "interaction").filter(pk=pk).first()
    if row is None or row.state != State.QUEUED:
        return None
    reason, address = _why_not(row)
    moment = timezone.now()
    waiting = Invitation.objects.filter(pk=pk, state=State.QUEUED)
    if reason:
        waiting.update(state=State.FAILED, last_error=reason)
        return None
    secret = token_urlsafe(SECRET_BYTES)
    won = waiting.update(
        state=State.SENDING,
        claimed_at=moment,
        attempts=F("attempts") + 1,
        secret_hash=hash_of(secret),
        expires_at=moment + timedelta(days=row.survey.valid_days),
    )
    if not won:
        return None
    row.refresh_from_db()
    return _Claimed(invitation=row, secret=secret, address=address)


def _why_not(row: Invitation) -> tuple[str, str]:
    """The reason not to send it, or the address to send it to."""
    try:
        customer = lock_customer(customer_id=row.customer_id)
    except CustomerIsErasedError:
        return NotSent.ERASED, ""
    days = row.survey.cooldown_days
    if not row.survey.is_active:
        return NotSent.SWITCHED_OFF, ""
    if does_not_want_to_be_asked(customer):
        return NotSent.ASKED_NOT_TO, ""
    if was_asked_lately(family_of(customer), around=row.due_at, days=days, states=LEFT, without=row.pk):
        return NotSent.LATELY, ""
    address = address_to_ask(customer, row.interaction)
    return ("", address) if address else (NotSent.NO_ADDRESS, "")


def _carry_out(claimed: _Claimed) -> None:
    invitation = claimed.invitation
    failpoints.reach("invitation.before_send")
    try:
        _deliver(invitation_mail(invitation, claimed.secret), to=claimed.address, key=str(invitation.public_id))
    except RefusedEffectError as error:
        _settle(invitation, State.FAILED, error=describe(error))
    except TemporaryEffectError as error:
        _try_later(invitation, error)
    except Exception as error:  # nobody knows what became of it
        _settle(invitation, State.UNKNOWN, error=describe(error))
    else:
        failpoints.reach("invitation.after_send")
        _settle(invitation, State.SENT)


def _deliver(mail: Mail, *, to: str, key: str) -> None:
    deliver(
        to=to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        language=mail.language,
        headers=mail.headers,
        key=key,
    )


def _try_later(invitation: Invitation, error: Exception) -> None:
    if invitation.attempts >= MAX_ATTEMPTS:
        _settle(invitation, State.FAILED, error=describe(error))
        return
    seconds = min(30.0 * 2.0 ** (invitation.attempts - 1), LONGEST_WAIT.total_seconds())
    wait = timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreading, not secrecy
    _settle(invitation, State.QUEUED, error=describe(error), due_at=timezone.now() + wait)


@transaction.atomic
def _settle(invitation: Invitation, state: State, *, error: str = "", due_at: datetime | None = None) -> None:
    """Move it on, unless somebody else settled the claim meanwhile (the customer may have answered already)."""
    if state in {State.FAILED, State.UNKNOWN}:
        logger.warning("invitation_not_sent", invitation_id=invitation.pk, state=state, error=error)
    moment = timezone.now()
    held = Invitation.objects.filter(pk=invitation.pk, state=State.SENDING, claimed_at=invitation.claimed_at)
    changed = held.update(
        state=state,
        last_error=error[:300],
        due_at=due_at or invitation.due_at,
        sent_at=moment if state == State.SENT else None,
    )
    if changed and state == State.SENT:
        tell_that_it_was_sent(invitation, at=moment)


def tell_that_it_was_sent(invitation: Invitation, *, at: datetime) -> None:
    """Announce it, within the caller's transaction."""
    interaction = invitation.interaction
    announce(
        CustomerInvited(
            interaction_id=interaction.pk, case_id=interaction.case_id, customer_id=interaction.customer_id
        ),
        at=at,
    )
