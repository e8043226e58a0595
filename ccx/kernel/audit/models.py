"""Who changed what, and who read what. Append-only: a trigger refuses updates and deletes."""

from typing import Self

from django.db import models

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.models import User


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: User) -> Self:
        """The whole log, for those who may read it."""
        return self if user.can(Ability.SEE_AUDIT) else self.none()

    def newest_first(self) -> Self:
        return self.order_by("-at", "-id")


class AuditEntry(models.Model):
    """One change (written by a database trigger, with before and after) or one read that must leave a trace."""

    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        DELETED = "deleted"
        READ = "read"
        EXPORTED = "exported"
        SEARCHED = "searched"
        SIGNED_IN = "signed_in"
        REFUSED = "refused"

    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    door = models.CharField(max_length=12, help_text="page, admin, api, command, worker")
    api_key_id = models.BigIntegerField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    object_kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        indexes = [
            # The history of one object.
            models.Index(fields=["object_kind", "object_id", "at"], name="audit_of_object"),
        ]
