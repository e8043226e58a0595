"""What a provider could not bring while we were down, asked for where it can be asked: some never come again."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from interactions.cases.models import Message
from interactions.channels.contract import Adapter, Arrived, Parsed, RemoteFile
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, line_of
from interactions.customers.services import hear_consent
from interactions.doors.files import owe_files
from interactions.doors.models import Delivery
from interactions.intake.services import receive

logger = structlog.get_logger(__name__)

# Providers bring things a little late, and ours is asked for them a little early.
OVERLAP: Final = timedelta(minutes=10)
# How far back a provider is asked, however long a line was silent.
FURTHEST: Final = timedelta(days=3)


def take_all_missed(now: datetime | None = None) -> int:
    """Ask the provider of every line that can be asked; how many messages we did not have."""
    moment = now or timezone.now()
    return sum(_take_missed_apart(inbox, moment) for inbox in Inbox.objects.filter(is_active=True).order_by("pk"))


def take_missed(*, inbox: Inbox, now: datetime) -> int:
    """Take in what came to this line since its provider was last asked; how many messages we did not have.

    A delivery that reached us says nothing of what came while we were down. Raises what the provider's adapter raises.
    Done twice, or while the provider brings the same, it is done once.
    """
    adapter = adapter_of(inbox)
    if adapter is None or type(adapter).missed is Adapter.missed:
        return 0
    key = f"missed-asked:{inbox.pk}"
    asked = cache.get(key)
    if asked is None:
        came = Delivery.objects.filter(inbox=inbox, kind=Delivery.Kind.WEBHOOK)
        asked = came.aggregate(last=Max("received_at"))["last"] or now
    since = max(asked - OVERLAP, now - FURTHEST)
    taken = sum(_take_in(inbox, parsed) for parsed in adapter.missed(line_of(inbox), since=since))
    cache.set(key, now, timeout=FURTHEST.total_seconds())
    return taken


def _take_missed_apart(inbox: Inbox, now: datetime) -> int:
    try:
        return take_missed(inbox=inbox, now=now)
    except Exception as error:  # one line's provider stops no other line
        logger.warning("line_not_asked", inbox_id=inbox.pk, error=type(error).__name__)
        return 0


def _take_in(inbox: Inbox, parsed: Parsed) -> int:
    for consent in parsed.consents:
        hear_consent(channel=inbox.channel, consent=consent)
    return sum(_arrive(arrived) for arrived in parsed.arrived)


@transaction.atomic
def _arrive(arrived: Arrived) -> bool:
    receipt = receive(contact=arrived.contact, by_id=None)
    if receipt.is_new and receipt.message_id is not None:
        owe_files([one for one in arrived.files if isinstance(one, RemoteFile)], message_id=receipt.message_id)
        if arrived.meta:
            Message.objects.filter(pk=receipt.message_id).update(meta=dict(arrived.meta))
    return receipt.is_new
