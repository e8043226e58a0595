"""Grants: whose rows a person may see."""

from collections.abc import Collection, Mapping

from django.db import transaction

from ccx.kernel.events.log import announce
from ccx.kernel.people.choices import GrantScope
from ccx.kernel.people.errors import GrantIsByRuleError, GrantTargetUnknownError
from ccx.kernel.people.events import AccessChanged
from ccx.kernel.people.grant_targets import names_of
from ccx.kernel.people.models import Grant, User
from ccx.kernel.people.services.authority import require_configure


@transaction.atomic
def give_grant(*, user_id: int, scope: GrantScope, target_id: int | None, by: User | None) -> Grant:
    """Let a person see the rows of one team, queue or reason, or all rows. Giving it again is a no-op.

    What a rule gave becomes the giver's, so that the rule does not take it back.
    """
    require_configure(by)
    user = User.objects.select_for_update().get(pk=user_id)
    if (scope == GrantScope.ALL) != (target_id is None):
        raise GrantTargetUnknownError
    if target_id is not None and target_id not in dict(names_of(scope)):
        raise GrantTargetUnknownError
    grant, is_new = Grant.objects.get_or_create(
        user=user, scope=scope, target_id=target_id, defaults={"granted_by": by}
    )
    if grant.rule:
        grant.rule, grant.granted_by = "", by
        grant.save(update_fields=["rule", "granted_by"])
    if is_new:
        announce(AccessChanged(agent_id=user.pk, is_active=user.is_active), by_id=by.pk if by else None)
    return grant


@transaction.atomic
def take_grant(*, user_id: int, grant_id: int, by: User | None) -> None:
    """Take a grant back. Taking it again is a no-op; what a rule gives only the rule takes."""
    require_configure(by)
    user = User.objects.select_for_update().get(pk=user_id)
    if Grant.objects.filter(pk=grant_id, user=user).exclude(rule="").exists():
        raise GrantIsByRuleError
    taken, _rows = Grant.objects.filter(pk=grant_id, user=user).delete()
    if taken:
        announce(AccessChanged(agent_id=user.pk, is_active=user.is_active), by_id=by.pk if by else None)


@transaction.atomic
def keep_rule_grants(*, rule: str, scope: GrantScope, wanted: Mapping[int, Collection[int]], by: User | None) -> None:
    """Make the grants of one rule just what it says: user id -> target ids. Grants that people gave stay as they are.

    Whoever calls answers for `wanted`; nobody is asked whether they may grant.
    """
    stored = Grant.objects.filter(scope=scope)
    affected = {*wanted, *stored.filter(rule=rule).values_list("user_id", flat=True)}
    users = User.objects.select_for_update(of=("self",)).order_by("pk").in_bulk(sorted(affected))
    held = {(user_id, target): given for user_id, target, given in stored.values_list("user_id", "target_id", "rule")}
    due = {(user_id, target) for user_id in users for target in wanted.get(user_id, ())}
    missing = sorted(due - held.keys())
    surplus = {key for key, given in held.items() if given == rule and key not in due}
    Grant.objects.bulk_create(
        Grant(user_id=user_id, scope=scope, target_id=target, granted_by=by, rule=rule) for user_id, target in missing
    )
    for user_id in sorted({user_id for user_id, _target in surplus}):
        targets = [target for owner, target in surplus if owner == user_id]
        stored.filter(user_id=user_id, rule=rule, target_id__in=targets).delete()
    for user_id in sorted({user_id for user_id, _target in [*missing, *surplus]}):
        user = users[user_id]
        announce(AccessChanged(agent_id=user_id, is_active=user.is_active), by_id=by.pk if by else None)
