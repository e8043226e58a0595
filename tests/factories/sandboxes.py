"""A transaction that is taken back, within which services and readers behave as if it were none."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def sandbox() -> Iterator[None]:
    """Everything done inside is gone afterwards; `atomic(durable=True)` inside is allowed, as in Django's own tests."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)
