"""Every side effect of CCX on one page: which event goes to which reader, and who sends what to the outside.

To add a reader: define it in its room, put it on the line of each event it follows, add it to READERS, and to SENDERS
if it owes effects outside the database. Each event class has a line, even when nobody follows it; a test compares the
lines with the events that exist and with the kinds the readers follow.
"""

from collections.abc import Mapping

from analytics.rollups.reader import FACTS
from ccx.kernel.events.effects import Sender
from ccx.kernel.events.log import Event
from ccx.kernel.events.readers import Reader
from ccx.kernel.people.events import AccessChanged
from feedback.surveys.events import SurveyAnswered
from feedback.surveys.reader import SURVEY_ERASURE
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
from journeys.ownership.events import CostRateChanged, MapChanged
from journeys.ownership.reader import OWNERS_GRANTS

SUBSCRIPTIONS: Mapping[type[Event], tuple[Reader, ...]] = {
    # Interactions.
    InteractionStarted: (FACTS,),
    MessageReceived: (),
    InteractionChanged: (FACTS,),
    InteractionClosed: (FACTS,),
    InteractionMoved: (FACTS,),
    ReasonCorrected: (FACTS,),
    ReasonChanged: (FACTS,),
    # Cases.
    CaseOpened: (),
    CaseResolved: (),
    CaseReopened: (FACTS,),
    CaseLinked: (FACTS,),
    # Customers.
    CustomerAdded: (),
    CustomerChanged: (),
    IdentityAdded: (),
    IdentityAttested: (FACTS,),
    CustomersMerged: (FACTS,),
    MergeUndone: (FACTS,),
    CustomerErased: (FACTS, SURVEY_ERASURE),
    PurchaseRecorded: (),
    # Agents.
    PresenceChanged: (FACTS,),
    # People.
    AccessChanged: (OWNERS_GRANTS,),
    # Surveys.
    SurveyAnswered: (FACTS,),
    # The map of where contacts come from, and what they cost.
    MapChanged: (),
    CostRateChanged: (FACTS,),
}

# The order in which they take turns.
READERS: tuple[Reader, ...] = (FACTS, SURVEY_ERASURE, OWNERS_GRANTS)

# Who carries out the effects outside that a reader owes, by the reader's name.
SENDERS: Mapping[str, Sender] = {}
