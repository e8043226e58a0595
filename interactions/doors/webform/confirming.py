"""The short mail that says a form arrived. Anybody can enter any address, so it is of little use to bomb somebody with:

one mail an hour to an address however it is written, few altogether, and nothing in it that was written into the form.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from ccx.kernel.access.rates import Rate, take
from ccx.kernel.events.effects import TemporaryEffectError, owe_effect
from ccx.kernel.events.models import EventRow, ReaderEffect
from ccx.kernel.events.readers import Reader
from ccx.kernel.mail import deliver
from interactions.cases.events import InteractionStarted
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.customers.choices import IdentityKind
from interactions.doors.models import WebForm

logger = structlog.get_logger(__name__)

NAME: Final = "form_confirmations"
ADDRESS_RATE: Final = Rate(name="form-confirmation-address", per_minute=1 / 60, burst=1)
ALL_RATE: Final = Rate(name="form-confirmations", per_minute=5, burst=50)
# Where dots in an address mean nothing.
DOTLESS: Final = frozenset({"gmail.com", "googlemail.com"})


def owe_confirmations(events: Sequence[EventRow]) -> None:
    """One for each contact that began with a form that confirms."""
    started = {event.interaction_id for event in events if event.interaction_id is not None}
    confirmed = set(
        Interaction.objects.filter(
            pk__in=started,
            channel=Channel.WEB_FORM,
            inbox__in=WebForm.objects.filter(confirms=True).values("inbox"),
        ).values_list("pk", flat=True)
    )
    for event in events:
        if event.interaction_id in confirmed:
            owe_effect(NAME, event, {"interaction_id": event.interaction_id})


def confirm(effect: ReaderEffect) -> None:
    """Send one, or none: above a limit the contact is there all the same, and nobody is written to."""
    found = Interaction.objects.select_related("identity", "customer").filter(pk=effect.data["interaction_id"]).first()
    if found is None or found.identity is None or found.identity.kind != IdentityKind.EMAIL:
        return
    address = found.identity.value
    if not effect.data.get("is_allowed") and not _is_allowed(effect, address):
        logger.info("form_not_confirmed", interaction_id=found.pk)
        return
    language = found.customer.language if found.customer is not None else ""
    with translation.override(language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        number = number_of(found)
        deliver(
            to=address,
            subject=_("We have your message (%(number)s)") % {"number": number},
            text=_(
                "Your message has arrived, and we will answer it.\n\nIts number: %(number)s\n\n"
                "This mail was sent automatically. If it was not you who wrote to us, there is nothing to do."
            )
            % {"number": number},
            key=f"{NAME}:{effect.event_id}",
            language=translation.get_language() or "",
        )


def number_of(interaction: Interaction) -> str:
    """What customers may quote; it tells nothing of how many there are."""
    return interaction.public_id.hex[-10:].upper()


def _is_allowed(effect: ReaderEffect, address: str) -> bool:
    """Counted once for each, however often it has to be tried. Without anybody who counts, none goes out."""
    for bucket, rate in ((_same(address), ADDRESS_RATE), ("all", ALL_RATE)):
        decision = take(bucket=bucket, rate=rate)
        if decision.remaining is None and decision.is_allowed:
            raise TemporaryEffectError("nobody counts the confirmations")
        if not decision.is_allowed:
            return False
    ReaderEffect.objects.filter(pk=effect.pk).update(data={**effect.data, "is_allowed": True})
    return True


def _same(address: str) -> str:
    """One bucket for all the ways in which one mailbox can be written."""
    local, _at, domain = address.casefold().rpartition("@")
    local = local.partition("+")[0]
    local = local.replace(".", "") if domain in DOTLESS else local
    return hashlib.sha256(f"{local}@{domain}".encode()).hexdigest()


FORM_CONFIRMATIONS: Final = Reader(
    name=NAME,
    handle=owe_confirmations,
    kinds=frozenset({InteractionStarted.kind}),
    batch_size=500,
    from_beginning=False,
)
