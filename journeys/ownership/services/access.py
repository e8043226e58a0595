"""What owners may see because they own it: the contacts of every reason that the map puts on their part."""

from typing import Final

from django.db import connection, transaction
from django.db.models import F

from ccx.kernel.models import User
from ccx.kernel.people.choices import Ability, GrantScope
from ccx.kernel.people.services.grants import keep_rule_grants
from journeys.ownership.choices import RULE
from journeys.ownership.models import ReasonTouchpoint

# One map: two changes at once would each give grants by half of it.
_MAP_LOCK: Final = 5_301_077


def take_turn() -> None:
    """Wait for whoever changes the map at the moment; the turn ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAP_LOCK])


@transaction.atomic
def share_with_owners(*, by: User | None) -> None:
    """Bring the grants that ownership gives in line with the map. Doing it again changes nothing."""
    take_turn()
    keep_rule_grants(rule=RULE, scope=GrantScope.REASON, wanted=owned_reasons(), by=by)


def owned_reasons() -> dict[int, set[int]]:
    """The reasons each owner answers for: through the department, the journey or the job of their touchpoint."""
    owned: dict[int, set[int]] = {}
    rows = ReasonTouchpoint.objects.values_list(
        "reason_id", F("touchpoint__department__owner"), F("touchpoint__journey__owner"), F("job__owner")
    )
    for reason_id, *owners in rows:
        for owner_id in owners:
            if owner_id is not None:
                owned.setdefault(owner_id, set()).add(reason_id)
    people = User.objects.filter(pk__in=owned)
    return {user.pk: owned[user.pk] for user in people if user.can(Ability.OWN_EXPERIENCE)}
