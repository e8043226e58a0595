"""Attaches the audit to departments, touchpoints and which reasons they cause."""

from django.db import migrations

TABLES = {
    "journeys_department": "department",
    "journeys_touchpoint": "touchpoint",
    "journeys_reasontouchpoint": "reason_touchpoint",
}


class Migration(migrations.Migration):
    dependencies = [("journeys", "0002_initial"), ("kernel", "0003_audit")]

    operations = [
        migrations.RunSQL(
            [f"SELECT kernel_audit_attach('{table}', '{kind}')" for table, kind in TABLES.items()],
            [f"SELECT kernel_audit_detach('{table}')" for table in TABLES],
        )
    ]
