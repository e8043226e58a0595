"""Abstract models: what rows of several apps have in common."""

import time
from os import urandom
from uuid import UUID

from django.db import models

_last_tick = 0


def new_public_id() -> UUID:
    """A UUIDv7: sorts by creation time, tells nothing else, and is all that leaves the installation.

    48 bits of milliseconds and 12 of their fraction, never twice the same in one process; 62 bits of chance (RFC 9562).
    """
    global _last_tick  # noqa: PLW0603 - one clock per process is the point
    tick = _last_tick = max((time.time_ns() << 12) // 1_000_000, _last_tick + 1)
    chance = int.from_bytes(urandom(8)) >> 2
    return UUID(int=(tick >> 12) << 80 | 7 << 76 | (tick & 0xFFF) << 64 | 2 << 62 | chance)


class PublicModel(models.Model):
    """A row that is named outside by its `public_id`; joins inside use the bigint key."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)

    class Meta:
        abstract = True
