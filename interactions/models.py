"""Re-exports the models of the rooms; without it Django leaves them out."""

from interactions.cases.models import (
    Attachment,
    Case,
    ContactReason,
    Disposition,
    Interaction,
    Message,
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
from interactions.doors.models import ImportIssue, ImportRun, WebForm
from interactions.handling.models import PresenceSpan
from interactions.intake.models import CaseKey, HistorySource, RawContact
from interactions.routing.models import (
    AgentSkill,
    BusinessHours,
    BusinessInterval,
    Holiday,
    Queue,
    ServiceTarget,
    Skill,
)

__all__ = [
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
    "HistorySource",
    "Holiday",
    "Identity",
    "ImportIssue",
    "ImportRun",
    "Inbox",
    "Interaction",
    "Message",
    "Preference",
    "PresenceSpan",
    "Purchase",
    "Queue",
    "RawContact",
    "Segment",
    "ServiceTarget",
    "Skill",
    "WebForm",
]
