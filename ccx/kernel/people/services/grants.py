"""Grants: whose rows a person may see."""

from django.db import transaction

from ccx.kernel.events.log import announce
from ccx.kernel.people.choices import GrantScope
from ccx.kernel.people.errors import GrantTargetUnknownError
from ccx.kernel.people.events import AccessChanged
from ccx.kernel.people.grant_targets import names_of
from ccx.kernel.people.models import Grant, User
from ccx.kernel.people.services.authority import require_configure


@transaction.atomic
def give_grant(*, user_id: int, scope: GrantScope, target_id: int | None, by: User | None) -> Grant:
    """Let a person see the rows of one team, queue or reason, or all rows. Giving it again is a no-op."""
    require_configure(by)
    user = User.objects.select_for_update().get(pk=user_id)
    if (scope == GrantScope.ALL) != (target_id is None):
        raise GrantTargetUnknownError
    if target_id is not None and target_id not in dict(names_of(scope)):
        raise GrantTargetUnknownError
    grant, is_new = Grant.objects.get_or_create(
        user=user, scope=scope, target_id=target_id, defaults={"granted_by": by}
    )
    if is_new:
        announce(AccessChanged(agent_id=user.pk, is_active=user.is_active), by_id=by.pk if by else None)
    return grant


@transaction.atomic
def take_grant(*, user_id: int, grant_id: int, by: User | None) -> None:
    """Take a grant back. Taking it again is a no-op."""
    require_configure(by)
    user = User.objects.select_for_update().get(pk=user_id)
    taken, _rows = Grant.objects.filter(pk=grant_id, user=user).delete()
    if taken:
        announce(AccessChanged(agent_id=user.pk, is_active=user.is_active), by_id=by.pk if by else None)
