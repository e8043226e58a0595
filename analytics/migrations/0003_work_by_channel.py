"""Handle times by channel; roll-ups with narrower counts, whose rows of a day lie together and with room to change."""

from django.db import migrations, models

COUNTS = """
    contacts not_contacts outbound offered answered self_served live_answered live_abandoned live_flow_out
    live_callback answered_queued abandoned_queued answered_20 answered_30 answered_60 abandoned_5 abandoned_10
    abandoned_20 abandoned_30 abandoned_60 abandoned_queued_20 abandoned_queued_30 abandoned_queued_60
    answered_target abandoned_target abandoned_short abandoned_queued_short wait_answered_n handle_n handle_cut_n
    transferred first_response_n first_response_target avoidable_n avoidable_yes identified repeat follow_n
    follow_any_1 follow_any_3 follow_any_7 follow_same_1 follow_same_3 follow_same_7 fcr_n fcr_yes cases
    case_switched case_stuck invited invited_answered csat_n csat_top ces_n ces_easy nps_n nps_promoters
    nps_detractors said_n said_yes
""".split()
HOURLY_COUNTS = """
    contacts offered answered live_answered live_abandoned answered_target abandoned_short wait_answered_n handle_n
""".split()
WORK_COUNTS = "answered transferred handle_n handle_cut_n".split()
WORK_SUMS = "talk_s hold_s wrap_s handle_s handle_cut_s".split()
NARROWED = {
    "cuberollup": COUNTS,
    "dayrollup": COUNTS,
    "monthrollup": COUNTS,
    "hourrollup": HOURLY_COUNTS,
    "weekhourrollup": HOURLY_COUNTS,
}
# A row that is updated in the page it stands in leaves the indexes alone.
ROOM = {"fact": 90} | dict.fromkeys((*NARROWED, "histogramrollup", "workrollup"), 80)
DIMENSIONS = [(0, "Total"), (1, "Channel"), (2, "Queue"), (3, "Team"), (4, "Agent"), (5, "Reason")]


SUMMED = ", ".join(f"sum({name}) AS {name}" for name in (*WORK_COUNTS, *WORK_SUMS))
NAMES = ", ".join((*WORK_COUNTS, *WORK_SUMS))
FILL = f"""
INSERT INTO analytics_workrollup (dimension, grain, day, key, channel, {NAMES})
WITH days AS MATERIALIZED (
    SELECT dimension, day, key, channel, {SUMMED}
    FROM analytics_fact, LATERAL (
        VALUES (2, coalesce(queue_id, 0)), (3, coalesce(team_id, 0)), (4, coalesce(agent_id, 0))
    ) one (dimension, key)
    GROUP BY dimension, day, key, channel
)
SELECT dimension, 1, day, key, channel, {NAMES} FROM days
UNION ALL
SELECT dimension, 2, date_trunc('month', day)::date, key, channel, {SUMMED} FROM days GROUP BY 1, 2, 3, 4, 5
"""


def count():
    return models.IntegerField(db_default=0, default=0)


def retyped(table, names, kind):
    """One statement, so that the table is written anew once."""
    return f"ALTER TABLE analytics_{table} {', '.join(f'ALTER COLUMN {name} TYPE {kind}' for name in names)}"


def narrowed(table, names):
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(retyped(table, names, "integer"), reverse_sql=retyped(table, names, "bigint"))
        ],
        state_operations=[migrations.AlterField(table, name, count()) for name in names],
    )


def keyed(table, *columns):
    return (
        f"ALTER TABLE analytics_{table} DROP CONSTRAINT analytics_{table}_pkey,"
        f" ADD CONSTRAINT analytics_{table}_pkey PRIMARY KEY ({', '.join(columns)})"
    )


def days_first(table, day):
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                keyed(table, "dimension", day, "key", "cohort_id"),
                reverse_sql=keyed(table, "dimension", "key", day, "cohort_id"),
            )
        ],
        state_operations=[
            migrations.AlterField(
                table,
                "pk",
                models.CompositePrimaryKey(
                    "dimension", day, "key", "cohort_id", blank=True, editable=False, primary_key=True, serialize=False
                ),
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("analytics", "0002_cost_avoidable_and_invited")]

    operations = [
        migrations.CreateModel(
            name="WorkRollup",
            fields=[
                ("dimension", models.PositiveSmallIntegerField(choices=DIMENSIONS)),
                ("grain", models.PositiveSmallIntegerField(choices=[(1, "Day"), (2, "Month")])),
                ("day", models.DateField()),
                ("key", models.BigIntegerField()),
                ("channel", models.PositiveSmallIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "dimension", "grain", "day", "key", "channel",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                *((name, count()) for name in WORK_COUNTS),
                *((name, models.BigIntegerField(db_default=0, default=0)) for name in WORK_SUMS),
            ],
        ),
        migrations.RunSQL(FILL, reverse_sql=migrations.RunSQL.noop),
        *(narrowed(table, names) for table, names in NARROWED.items()),
        days_first("dayrollup", "day"),
        days_first("monthrollup", "month"),
        *(
            migrations.RunSQL(
                f"ALTER TABLE analytics_{table} SET (fillfactor = {share})",
                reverse_sql=f"ALTER TABLE analytics_{table} RESET (fillfactor)",
            )
            for table, share in ROOM.items()
        ),
    ]
