"""Forgetting with the rest of CCX."""

from collections.abc import Iterable

from django.db import transaction

from ccx.kernel.audit.services import forget_contents
from ccx.kernel.people.services.service_users import service_user
from feedback.surveys.models import FollowUp, Invitation, Response

FORGOTTEN = "—"


@transaction.atomic
def forget_words(*, customer_ids: Iterable[int]) -> int:
    """Wipe what erased customers wrote, what was written about why they were unhappy, and their links; scores stay.

    Invitations that wait are gone. Returns the number of answers that held words.
    """
    ids = list(customer_ids)
    invitations = Invitation.objects.filter(customer_id__in=ids)
    invitations.filter(state=Invitation.State.QUEUED).delete()
    invitations.update(secret_hash=None)
    of_them = Response.objects.filter(interaction__customer_id__in=ids)
    told = FollowUp.objects.filter(response__in=of_them).exclude(cause="").exclude(cause=FORGOTTEN)
    follow_ups = list(told.values_list("pk", flat=True))
    if follow_ups:
        FollowUp.objects.filter(pk__in=follow_ups).update(cause=FORGOTTEN)
        # Last, for the wiping itself was audited with what stood there before.
        forget_contents(rows={"follow_up": follow_ups}, by=service_user("surveys"))
    return of_them.exclude(comment="").update(comment="")
