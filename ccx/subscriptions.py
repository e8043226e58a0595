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
from ccx.kernel.live.topics import MayFollow
from ccx.kernel.people.events import AccessChanged
from feedback.surveys.events import CustomerInvited, FollowUpChanged, SurveyAnswered
from feedback.surveys.reader import FOLLOW_UPS_LIVE, SURVEY_ERASURE, SURVEY_INVITATIONS
from interactions.calls.readers import CALLS
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
from interactions.channels.events import CalendarChanged
from interactions.customers.events import (
    CustomerAdded,
    CustomerChanged,
    CustomerErased,
    CustomersMerged,
    CustomersToldApart,
    IdentityAdded,
    IdentityAttested,
    MergeUndone,
    PurchaseRecorded,
    ToldApartTakenBack,
)
from interactions.desk.following import DESK_TOPICS
from interactions.desk.nudging import LIVE
from interactions.doors.chat.events import VisitorLeft
from interactions.doors.chat.mailing import mail_what_was_missed
from interactions.doors.chat.readers import CHAT_ERASURE, CHAT_MAIL, CHAT_NEWS
from interactions.doors.history.reader import IMPORTS_ERASURE
from interactions.doors.lines.letters import LINE_LETTERS, write_about_line
from interactions.doors.webform.confirming import FORM_CONFIRMATIONS, confirm
from interactions.doors.webhooks.reader import DELIVERIES_ERASURE
from interactions.handling.events import (
    FailureLeft,
    LineChanged,
    MessageSettled,
    OfferEnded,
    OfferMade,
    PresenceChanged,
    PromiseKept,
    PromiseMade,
)
from interactions.handling.readers import COMING_BACK, OFFERS, WRITTEN_ERASURE
from interactions.routing.events import TargetChanged
from journeys.ownership.events import CostRateChanged, MapChanged
from journeys.ownership.reader import OWNERS_GRANTS

SUBSCRIPTIONS: Mapping[type[Event], tuple[Reader, ...]] = {
    # Interactions.
    InteractionStarted: (OFFERS, LIVE, CHAT_NEWS, FACTS, FORM_CONFIRMATIONS),
    MessageReceived: (COMING_BACK, LIVE, CHAT_NEWS),
    InteractionChanged: (CALLS, OFFERS, LIVE, CHAT_NEWS, FACTS),
    InteractionClosed: (CALLS, OFFERS, LIVE, CHAT_NEWS, FACTS, SURVEY_INVITATIONS),
    InteractionMoved: (LIVE, FACTS),
    ReasonCorrected: (LIVE, FACTS),
    ReasonChanged: (FACTS,),
    # Cases.
    CaseOpened: (LIVE,),
    CaseResolved: (LIVE,),
    CaseReopened: (LIVE, FACTS),
    CaseLinked: (LIVE, FACTS),
    # Customers.
    CustomerAdded: (),
    CustomerChanged: (LIVE,),
    IdentityAdded: (LIVE,),
    IdentityAttested: (LIVE, FACTS),
    CustomersMerged: (LIVE, FACTS),
    MergeUndone: (LIVE, FACTS),
    CustomersToldApart: (LIVE,),
    ToldApartTakenBack: (LIVE,),
    CustomerErased: (LIVE, FACTS, SURVEY_ERASURE, CHAT_ERASURE, DELIVERIES_ERASURE, WRITTEN_ERASURE, IMPORTS_ERASURE),
    PurchaseRecorded: (LIVE,),
    # Agents.
    PresenceChanged: (OFFERS, LIVE, FACTS),
    OfferMade: (LIVE,),
    OfferEnded: (OFFERS, LIVE),
    MessageSettled: (LIVE, CHAT_NEWS),
    FailureLeft: (LIVE,),
    LineChanged: (LIVE, LINE_LETTERS),
    PromiseMade: (LIVE,),
    PromiseKept: (LIVE,),
    # Visitors.
    VisitorLeft: (CHAT_MAIL,),
    # People.
    AccessChanged: (FACTS, OWNERS_GRANTS),
    # Surveys.
    CustomerInvited: (FACTS,),
    SurveyAnswered: (FACTS,),
    FollowUpChanged: (FOLLOW_UPS_LIVE,),
    # The map of where contacts come from, and what they cost.
    MapChanged: (),
    CostRateChanged: (FACTS,),
    # What days and waiting are measured by.
    CalendarChanged: (FACTS,),
    TargetChanged: (FACTS,),
}

# The order in which they take turns: what changes hands, then pages, for people wait there.
READERS: tuple[Reader, ...] = (
    *(COMING_BACK, CALLS, OFFERS, LIVE, CHAT_NEWS, FACTS, SURVEY_ERASURE, CHAT_ERASURE, DELIVERIES_ERASURE),
    *(WRITTEN_ERASURE, IMPORTS_ERASURE),
    *(SURVEY_INVITATIONS, FOLLOW_UPS_LIVE, OWNERS_GRANTS, CHAT_MAIL, FORM_CONFIRMATIONS, LINE_LETTERS),
)

# Who carries out the effects outside that a reader owes, by the reader's name.
SENDERS: Mapping[str, Sender] = {
    CHAT_MAIL.name: Sender(send=mail_what_was_missed),
    FORM_CONFIRMATIONS.name: Sender(send=confirm),
    LINE_LETTERS.name: Sender(send=write_about_line),
}

# Who may follow what on a page, by the kind of topic.
LIVE_TOPICS: Mapping[str, MayFollow] = DESK_TOPICS
