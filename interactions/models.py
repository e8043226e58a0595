"""Re-exports the models of the rooms; without it Django leaves them out."""

from interactions.cases.models import (
    Attachment,
    Case,
    ContactReason,
    Disposition,
    Interaction,
    Message,
    Promise,
    Segment,
)
from interactions.channels.models import Inbox
from interactions.customers.models import (
    Consent,
    Customer,
    CustomerMerge,
    CustomerNote,
    Identity,
    Preference,
    Purchase,
)
from interactions.doors.models import ImportIssue, ImportRun, Mailbox, UnreadableMail, WebForm
from interactions.handling.models import Draft, PresenceSpan, Sending
from interactions.intake.models import CaseKey, HistorySource, RawContact
from interactions.routing.models import (
    AgentDesk,
    AgentSkill,
    BusinessHours,
    BusinessInterval,
    Holiday,
    Offer,
    Queue,
    ServiceTarget,
    Skill,
)

__all__ = [
    "AgentDesk",
    "AgentSkill",
    "Attachment",
    "BusinessHours",
    "BusinessInterval",
    "Case",
    "CaseKey",
    "Consent",
    "ContactReason",
    "Customer",
    "CustomerMerge",
    "CustomerNote",
    "Disposition",
    "Draft",
    "HistorySource",
    "Holiday",
    "Identity",
    "ImportIssue",
    "ImportRun",
    "Inbox",
    "Interaction",
    "Mailbox",
    "Message",
    "Offer",
    "Preference",
    "PresenceSpan",
    "Promise",
    "Purchase",
    "Queue",
    "RawContact",
    "Segment",
    "Sending",
    "ServiceTarget",
    "Skill",
    "UnreadableMail",
    "WebForm",
]
