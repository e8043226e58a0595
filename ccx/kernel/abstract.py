"""Abstract models: what rows of several apps have in common."""

from uuid import UUID

from django.db import models
from uuid6 import uuid7


def new_public_id() -> UUID:
    """A UUIDv7: sorts by creation time, tells nothing else, and is all that leaves the installation."""
    return UUID(int=uuid7().int)


class PublicModel(models.Model):
    """A row that is named outside by its `public_id`; joins inside use the bigint key."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)

    class Meta:
        abstract = True
