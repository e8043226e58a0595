"""Attaches the audit to promises and desks, and hides what opens an inbox's servers."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("interactions", "0004_the_live_desk"), ("kernel", "0003_audit")]

    operations = [
        migrations.RunSQL(
            [
                "SELECT kernel_audit_detach('interactions_inbox')",
                "SELECT kernel_audit_attach('interactions_inbox', 'inbox', 'credentials')",
                "SELECT kernel_audit_attach('interactions_promise', 'promise')",
                "SELECT kernel_audit_attach('interactions_agentdesk', 'agent_desk', '', 'seen_at')",
            ],
            [
                "SELECT kernel_audit_detach('interactions_agentdesk')",
                "SELECT kernel_audit_detach('interactions_promise')",
                "SELECT kernel_audit_detach('interactions_inbox')",
                "SELECT kernel_audit_attach('interactions_inbox', 'inbox')",
            ],
        )
    ]
