"""Attaches the audit to surveys and to the follow-up of unhappy answers."""

from django.db import migrations

TABLES = {"feedback_survey": "survey", "feedback_followup": "follow_up"}


class Migration(migrations.Migration):
    dependencies = [("feedback", "0003_invitations_and_follow_ups"), ("kernel", "0003_audit")]

    operations = [
        migrations.RunSQL(
            [f"SELECT kernel_audit_attach('{table}', '{kind}')" for table, kind in TABLES.items()],
            [f"SELECT kernel_audit_detach('{table}')" for table in TABLES],
        )
    ]
