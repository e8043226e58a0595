"""Attaches the audit to journeys, jobs to be done and cost rates."""

from django.db import migrations

TABLES = {"journeys_journey": "journey", "journeys_jobtobedone": "job_to_be_done", "journeys_costrate": "cost_rate"}


class Migration(migrations.Migration):
    dependencies = [("journeys", "0004_journeys_jobs_and_cost_rates"), ("kernel", "0003_audit")]

    operations = [
        migrations.RunSQL(
            [f"SELECT kernel_audit_attach('{table}', '{kind}')" for table, kind in TABLES.items()],
            [f"SELECT kernel_audit_detach('{table}')" for table in TABLES],
        )
    ]
