"""The event log and what its readers remember. Ids and codes only: never what a customer wrote."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

# The longest pause of a reader between two tries.
LONGEST_WAIT = timedelta(minutes=5)


class Origin(models.TextChoices):
    """Whether something happened here and now, or is told by an import of the past."""

    LIVE = "live"
    HISTORY = "history"


class EventRow(models.Model):
    """One thing that happened; made by `announce`, numbered by the sequencer, kept in months of `recorded_at`.

    The table is created in SQL (migration 0002): Django cannot declare partitions.
    """

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(null=True, help_text="Given by the sequencer after commit; readers follow it.")
    kind = models.CharField(max_length=60)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.LIVE)
    interaction_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    agent_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "kernel_event"


class LogHead(models.Model):
    """The last position given. One row (pk 1), locked by the sequencer while it numbers."""

    position = models.BigIntegerField(default=0)


class ReaderPosition(models.Model):
    """How far one reader has come, and how it fares."""

    name = models.CharField(max_length=60, primary_key=True)
    position = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    retry_at = models.DateTimeField(null=True)

    def is_waiting(self, now: datetime) -> bool:
        """Whether a failure still holds the reader back. A clock that was set back must not hold it for hours."""
        return self.retry_at is not None and now < self.retry_at <= now + LONGEST_WAIT


class ReaderEffect(models.Model):
    """One effect outside the database that a reader owes for one event; a worker carries it out once."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        DONE = "done"
        FAILED = "failed"
        UNKNOWN = "unknown"  # it may have happened: a person decides, no machine sends it again

    reader = models.CharField(max_length=60)
    event_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    data = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reader", "event_id"], name="reader_effect_once_per_event"),
        ]
        indexes = [
            # The worker's list: what is due, oldest first.
            models.Index(fields=["due_at"], name="reader_effect_due", condition=Q(state="queued")),
            # Those whose worker may have died.
            models.Index(fields=["claimed_at"], name="reader_effect_sending", condition=Q(state="sending")),
            # What is owed or went wrong, counted on the page of readers.
            models.Index(fields=["state"], name="reader_effect_not_done", condition=~Q(state="done")),
        ]


class QuarantinedEvent(models.Model):
    """One event that a reader could not take. It stands aside so that later ones flow, until it is run again."""

    reader = models.CharField(max_length=60)
    event_id = models.BigIntegerField()
    position = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    error = models.CharField(max_length=300)
    tries = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        ordering = ["reader", "position"]
        constraints = [
            models.UniqueConstraint(fields=["reader", "event_id"], name="quarantined_once_per_reader"),
        ]
