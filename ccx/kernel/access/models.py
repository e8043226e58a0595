"""Keys for machines, and the memory that makes a repeated request harmless."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from ccx.kernel.abstract import PublicModel


class Scope(models.TextChoices):
    """What an API key may do."""

    CONTACTS_WRITE = "contacts:write"
    CONTACTS_READ = "contacts:read"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CONFIG_READ = "config:read"
    FIGURES_READ = "figures:read"
    IMPORTS_WRITE = "imports:write"


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

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


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
