"""The tree of contact reasons."""

from django.db import connection, transaction

from ccx.kernel.events.log import announce
from ccx.kernel.models import User
from interactions.cases.errors import ReasonTreeHasCycleError
from interactions.cases.events import ReasonChanged
from interactions.cases.models import ContactReason

# One tree: whoever moves a branch waits for whoever moves another, or two moves could close a circle.
_TREE_LOCK = 4_201_077


@transaction.atomic
def save_reason(*, reason: ContactReason, by: User | None) -> ContactReason:
    """Store a new or changed reason. Another parent or window measures its contacts anew; a circle is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TREE_LOCK])
    before = ContactReason.objects.select_for_update().filter(pk=reason.pk).first() if reason.pk else None
    refuse_cycle(reason)
    reason.save()
    if before is not None and _measures(before) != _measures(reason):
        announce(ReasonChanged(reason_id=reason.pk), by_id=by.pk if by else None)
    return reason


def refuse_cycle(reason: ContactReason) -> None:
    """Walk up from the new parent; meeting the reason itself is a circle."""
    seen: set[int] = set()
    parent_id = reason.parent_id
    while parent_id is not None and parent_id not in seen:
        if parent_id == reason.pk:
            raise ReasonTreeHasCycleError
        seen.add(parent_id)
        parent_id = ContactReason.objects.values_list("parent_id", flat=True).get(pk=parent_id)


def _measures(reason: ContactReason) -> tuple[int | None, int]:
    return reason.parent_id, reason.resolution_window_days
