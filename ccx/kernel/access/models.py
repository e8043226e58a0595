"""Keys for machines, and the memory that makes a repeated request harmless."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from ccx.kernel.abstract import PublicModel
from ccx.kernel.access.choices import Scope
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.models import User

__all__ = ["ApiKey", "IdempotencyRecord", "Scope"]


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: User) -> Self:
        """Keys are the business of those who configure the centre."""
        return self if user.can(Ability.CONFIGURE) else self.none()


class ApiKey(PublicModel):
    """A key of one service user. The secret is shown once; only its SHA-256 is kept."""

    user = models.ForeignKey("kernel.User", on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=24, choices=Scope.choices), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def is_usable(self, *, at: datetime) -> bool:
        """Neither revoked nor expired; the user behind it must be active too."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at) and self.user.is_active


class IdempotencyRecord(models.Model):
    """The answer to a request that came with an Idempotency-Key, kept at least 24 hours."""

    caller = models.ForeignKey("kernel.User", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="idempotency_key_once_per_caller")]
