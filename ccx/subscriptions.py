"""Every side effect of CCX on one page: which event goes to which reader, and who sends what to the outside.

To add a reader: name it here, put the name on the line of each event it follows, add it to READERS, and to SENDERS
if it owes effects outside the database. Each event class has a line, even when nobody follows it.
"""

from collections.abc import Mapping

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
    IdentityAttested,
    MergeUndone,
)
from interactions.handling.events import PresenceChanged

SUBSCRIPTIONS: Mapping[type[Event], tuple[str, ...]] = {
    # Interactions.
    InteractionStarted: (),
    MessageReceived: (),
    InteractionChanged: (),
    InteractionClosed: (),
    InteractionMoved: (),
    ReasonCorrected: (),
    ReasonChanged: (),
    # Cases.
    CaseOpened: (),
    CaseResolved: (),
    CaseReopened: (),
    CaseLinked: (),
    # Customers.
    CustomerAdded: (),
    CustomerChanged: (),
    IdentityAttested: (),
    CustomersMerged: (),
    MergeUndone: (),
    CustomerErased: (),
    # Agents.
    PresenceChanged: (),
    # Surveys.
    SurveyAnswered: (),
}


def kinds_for(reader: str) -> frozenset[str]:
    """The kinds of the events whose line names the reader."""
    return frozenset(event.kind for event, readers in SUBSCRIPTIONS.items() if reader in readers)


READERS: tuple[Reader, ...] = ()

SENDERS: Mapping[str, Sender] = {}
