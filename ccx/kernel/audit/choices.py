"""The doors through which something is done to rows."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Door(TextChoices):
    PAGE = "page", _("Page")
    ADMIN = "admin", _("Configuration")
    API = "api", _("API")
    COMMAND = "command", _("Command line")
    WORKER = "worker", _("Worker")
    IMPORT = "import", _("History import")
    DATABASE = "database", _("Straight in the database")


# The kinds of object the triggers write, as people read them.
OBJECT_KINDS = {
    "agent_desk": _("Desk of an agent"),
    "agent_skill": _("Skill of an agent"),
    "api_key": _("API key"),
    "business_hours": _("Business hours"),
    "business_interval": _("Opening"),
    "consent": _("Consent"),
    "contact_reason": _("Contact reason"),
    "cost_rate": _("Cost rate"),
    "customer": _("Customer"),
    "customer_merge": _("Merge of customers"),
    "ivr_flow": _("Menu that callers hear"),
    "department": _("Department"),
    "disposition": _("Disposition"),
    "follow_up": _("Follow-up"),
    "grant": _("Grant"),
    "history_source": _("History source"),
    "holiday": _("Holiday"),
    "identity": _("Identity"),
    "inbox": _("Inbox"),
    "invite": _("Invitation"),
    "job_to_be_done": _("Job to be done"),
    "journey": _("Journey"),
    "preference": _("Preference"),
    "promise": _("Promise"),
    "queue": _("Queue"),
    "queue_skill": _("Skill of a queue"),
    "reason_touchpoint": _("Touchpoint of a reason"),
    "service_target": _("Service target"),
    "skill": _("Skill"),
    "survey": _("Survey"),
    "team": _("Team"),
    "touchpoint": _("Touchpoint"),
    "user": _("Person"),
    "web_form": _("Web form"),
}

# What is read, exported or done without a trigger, beside the objects above.
OTHER_KINDS = {
    "analytics.answers": _("What customers say"),
    "analytics.panel": _("Figures of a dashboard"),
    "analytics.rows": _("Contacts behind a figure"),
    "attachment": _("File of a contact"),
    "audit_contents": _("Contents of the audit log"),
    "audit_entry": _("Audit log"),
    "automatic_mail": _("Automatic mails"),
    "delivery": _("Delivery that was put aside"),
    "effect": _("Effect of a reader outside"),
    "import_issues": _("Rejected rows of an import"),
    "interaction": _("Contact"),
    "quarantined_event": _("Event that was set aside"),
    "reader": _("Reader of the event log"),
    "recording": _("Recording"),
}
KIND_NAMES = OBJECT_KINDS | OTHER_KINDS
