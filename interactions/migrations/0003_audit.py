"""Attaches the audit to configuration and to what we know of customers. Contacts are told of by the event log."""

from django.db import migrations

# table: (kind, columns hidden, columns that do not count, created in bulk without entries)
TABLES = {
    "interactions_inbox": ("inbox", "", "", False),
    "interactions_queue": ("queue", "", "", False),
    "interactions_queue_skills": ("queue_skill", "", "", False),
    "interactions_skill": ("skill", "", "", False),
    "interactions_agentskill": ("agent_skill", "", "", False),
    "interactions_businesshours": ("business_hours", "", "", False),
    "interactions_businessinterval": ("business_interval", "", "", False),
    "interactions_holiday": ("holiday", "", "", False),
    "interactions_servicetarget": ("service_target", "", "", False),
    "interactions_contactreason": ("contact_reason", "", "", False),
    "interactions_disposition": ("disposition", "", "", False),
    "interactions_webform": ("web_form", "", "", False),
    "interactions_historysource": ("history_source", "", "", False),
    "interactions_customer": ("customer", "", "", True),
    "interactions_identity": ("identity", "", "last_seen_at", True),
    "interactions_preference": ("preference", "", "", False),
    "interactions_consent": ("consent", "", "", False),
    "interactions_customermerge": ("customer_merge", "", "journal", False),
}

ATTACH = [
    f"SELECT kernel_audit_attach('{table}', '{kind}', '{hidden}', '{ignored}', {str(bulk).lower()})"
    for table, (kind, hidden, ignored, bulk) in TABLES.items()
]
DETACH = [f"SELECT kernel_audit_detach('{table}')" for table in TABLES]


class Migration(migrations.Migration):
    dependencies = [("interactions", "0002_initial"), ("kernel", "0003_audit")]

    operations = [migrations.RunSQL(ATTACH, DETACH)]
