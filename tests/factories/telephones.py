"""A voice line of the stand-in company, its menu, and the worker's part of a call."""

from datetime import UTC, datetime
from typing import Any

from ccx.kernel.events.pumping import pump
from interactions.calls.models import Call, IvrFlow
from interactions.calls.outgoing import carry_out_all
from interactions.calls.readers import CALLS
from interactions.calls.services import keep_flow
from interactions.cases.choices import SegmentKind
from interactions.channels.choices import Channel
from interactions.channels.services import keep_credentials
from interactions.models import Inbox, Interaction
from tests.factories.contacts import Centre
from tests.stand_ins.phone_company import TOKEN, PhoneCompany

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALLER = "+447700900456"
LINE = "+441134960100"
FLOW: dict[str, Any] = {
    "start": "welcome",
    "steps": {
        "welcome": {"kind": "say", "text": {"en": "Welcome to Fernwood & Sons.", "de": "Willkommen."}, "next": "menu"},
        "menu": {
            "kind": "menu",
            "text": {"en": "For service press 1, to leave a message press 2.", "de": "Für Service die 1."},
            "choices": {"1": "service", "2": "mailbox", "3": "bye", "4": "back", "5": "deutsch"},
            "languages": {"5": "de"},
            "tries": 2,
            "otherwise": "service",
        },
        "deutsch": {"kind": "hours", "open": "menu", "closed": "mailbox"},
        "service": {"kind": "queue", "queue": "Service", "callback_key": "7"},
        "back": {"kind": "callback", "queue": "Service", "text": "Press 1 to be called back.", "declined": "service"},
        "mailbox": {"kind": "voicemail", "text": "Speak after the tone.", "queue": "Service", "max_seconds": 60},
        "bye": {"kind": "hang_up", "text": "Your parcel is on its way.", "is_resolved": True},
    },
}


def a_line(company: PhoneCompany, centre: Centre, *, flow: dict[str, Any] | None = None, **settings: Any) -> Inbox:
    """The centre's voice line as a customer of the company."""
    inbox = centre.voice
    inbox.address, inbox.settings = LINE, {**company.settings(), **settings}
    inbox.flow = a_flow(flow) if flow is not None else None
    inbox.save()
    keep_credentials(inbox_id=inbox.pk, credentials={"auth_token": TOKEN, "api_key_secret": "x" * 32}, by=None)
    inbox.refresh_from_db()
    return inbox


def a_flow(definition: dict[str, Any]) -> IvrFlow:
    return keep_flow(name=f"Menu {IvrFlow.objects.count()}", definition=definition, by=None)


def a_pbx(centre: Centre, **settings: Any) -> Inbox:
    """The same line on a telephone system that only tells."""
    inbox = centre.voice
    inbox.provider, inbox.address, inbox.settings = "cti", LINE, settings
    inbox.save()
    keep_credentials(inbox_id=inbox.pk, credentials={"secret": "of the pbx"}, by=None)
    inbox.refresh_from_db()
    assert inbox.channel == Channel.VOICE
    return inbox


def workers(company: PhoneCompany) -> None:
    """The reader of calls and its orders, until nothing is left: what takes workers a part of a second."""
    for _round in range(6):
        pump(seconds=20.0, readers=[CALLS])
        carry_out_all()
        if not company.jobs:
            return
        company.work()


def the_call() -> Call:
    return Call.objects.select_related("interaction", "inbox").latest("pk")


def stretches(interaction: Interaction) -> list[tuple[str, int, str]]:
    """Kind, whole seconds and agent of each stretch, in order."""
    rows = interaction.segments.select_related("agent").order_by("started_at", "kind", "pk")
    return [
        (
            SegmentKind(row.kind).name.lower(),
            round((row.ended_at - row.started_at).total_seconds()) if row.ended_at else -1,
            str(row.agent or ""),
        )
        for row in rows
    ]
