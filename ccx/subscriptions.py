"""Every side effect of CCX on one page: which event goes to which reader, and who sends what to the outside.

To add a reader: name it here, put the name on the line of each event it follows, add it to READERS, and to SENDERS
if it owes effects outside the database. Each event class has a line, even when nobody follows it.
"""

from collections.abc import Mapping

from analytics.rollups.reader import refresh_from_events
from ccx.kernel.events.effects import Sender
from ccx.kernel.events.log import Event
from ccx.kernel.events.readers import Reader
from feedback.surveys.events import SurveyAnswered
from interactions.cases.events import (
    CaseLinked,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    InteractionChanged,
    InteractionClosed,
    InteractionMoved,
    InteractionStarted,
    MessageReceived,
    ReasonChanged,
    ReasonCorrected,
)
from interactions.customers.events import (
    CustomerAdded,
    CustomerChanged,
    CustomerErased,
    CustomersMerged,
    IdentityAdded,
    IdentityAttested,
    MergeUndone,
    PurchaseRecorded,
)
from interactions.handling.events import PresenceChanged

SUBSCRIPTIONS: Mapping[type[Event], tuple[str, ...]] = {
    # Interactions.
    InteractionStarted: ("facts",),
    MessageReceived: (),
    InteractionChanged: ("facts",),
    InteractionClosed: ("facts",),
    InteractionMoved: ("facts",),
    ReasonCorrected: ("facts",),
    ReasonChanged: ("facts",),
    # Cases.
    CaseOpened: (),
    CaseResolved: (),
    CaseReopened: ("facts",),
    CaseLinked: ("facts",),
    # Customers.
    CustomerAdded: (),
    CustomerChanged: (),
    IdentityAdded: (),
    IdentityAttested: ("facts",),
    CustomersMerged: ("facts",),
    MergeUndone: ("facts",),
    CustomerErased: ("facts",),
    PurchaseRecorded: (),
    # Agents.
    PresenceChanged: ("facts",),
    # Surveys.
    SurveyAnswered: ("facts",),
}


def kinds_for(reader: str) -> frozenset[str]:
    """The kinds of the events whose line names the reader."""
    return frozenset(event.kind for event, readers in SUBSCRIPTIONS.items() if reader in readers)


READERS: tuple[Reader, ...] = (
    Reader(name="facts", handle=refresh_from_events, kinds=kinds_for("facts"), history=True, batch_size=2000),
)

SENDERS: Mapping[str, Sender] = {}
