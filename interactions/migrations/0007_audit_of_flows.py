"""Attaches the audit to what callers hear."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("interactions", "0006_every_channel"), ("kernel", "0003_audit")]

    operations = [
        migrations.RunSQL(
            "SELECT kernel_audit_attach('interactions_ivrflow', 'ivr_flow')",
            "SELECT kernel_audit_detach('interactions_ivrflow')",
        )
    ]
