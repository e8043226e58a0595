"""What administrators are told by mail: that a line waits for one of them, and nothing goes out over it until then."""

from collections.abc import Sequence
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from ccx.kernel.access.rates import Rate, take
from ccx.kernel.events.effects import owe_effect
from ccx.kernel.events.models import EventRow, ReaderEffect
from ccx.kernel.events.readers import Reader
from ccx.kernel.mail import deliver
from ccx.kernel.models import User
from ccx.kernel.people.choices import Role, UserKind
from interactions.channels.models import Inbox, LineState
from interactions.handling.events import GIVEN_UP, LineChanged

logger = structlog.get_logger(__name__)

NAME: Final = "line_letters"
# A password that works by turns is one letter a day to each, and not a hundred.
RATE: Final = Rate(name="line-letters", per_minute=1 / (24 * 60), burst=1)


def owe_letters(events: Sequence[EventRow]) -> None:
    """One to each administrator for each line that only a person can bring back."""
    told = [event for event in events if event.data["state"] in {LineState.REFUSED, GIVEN_UP}]
    if not told:
        return
    people = User.objects.filter(Q(role=Role.ADMINISTRATOR) | Q(is_superuser=True), kind=UserKind.PERSON)
    receivers = list(people.filter(is_active=True).exclude(email="").order_by("pk").values_list("pk", flat=True))
    for event in told:
        data = {"inbox_id": event.data["inbox_id"], "state": event.data["state"]}
        for receiver in receivers:
            owe_effect(f"{NAME}:{receiver}", event, data)


def write_about_line(effect: ReaderEffect) -> None:
    """Write to one of them, unless the line is well again by now."""
    receiver = User.objects.filter(pk=effect.reader.partition(":")[2], is_active=True).exclude(email="").first()
    inbox = Inbox.objects.select_related("health").filter(pk=effect.data["inbox_id"]).first()
    health = getattr(inbox, "health", None)
    if receiver is None or inbox is None or health is None or health.state == LineState.WELL or not inbox.is_active:
        return
    is_given_up = effect.data["state"] == GIVEN_UP
    if not _is_allowed(effect, f"{receiver.pk}:{inbox.pk}"):
        logger.info("line_letter_left_out", inbox_id=inbox.pk)
        return
    why = _("It failed for so long that it is not tried any more.") if is_given_up else _("Its provider refuses us.")
    page = settings.BASE_URL.rstrip("/") + reverse("interactions:line", args=[inbox.public_id])
    deliver(
        to=receiver.email,
        subject=_("The line %(line)s needs you") % {"line": inbox.name},
        text=_(
            "Nothing goes out over %(line)s. %(why)s\n\nThe other side said last: %(error)s\n\n"
            "What is written waits and is not lost. Here it can be mended: %(page)s"
        )
        % {"line": inbox.name, "why": why, "error": health.last_error or "—", "page": page},
        key=f"{effect.reader}:{effect.event_id}",
    )


def _is_allowed(effect: ReaderEffect, bucket: str) -> bool:
    """Counted once, however often it has to be tried."""
    if not effect.data.get("is_allowed"):
        if not take(bucket=f"{bucket}:{effect.data['state']}", rate=RATE).is_allowed:
            return False
        ReaderEffect.objects.filter(pk=effect.pk).update(data={**effect.data, "is_allowed": True})
    return True


LINE_LETTERS: Final = Reader(name=NAME, handle=owe_letters, kinds=frozenset({LineChanged.kind}), from_beginning=False)
