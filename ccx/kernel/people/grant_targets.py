"""What a grant can name. Teams are the kernel's own; settings say who lists queues and contact reasons."""

from collections.abc import Callable, Sequence

from django.conf import settings
from django.utils.module_loading import import_string

from ccx.kernel.people.choices import GrantScope
from ccx.kernel.people.models import Grant, Team

Names = Sequence[tuple[int, str]]


def names_of(scope: str) -> Names:
    """Everything a grant of this scope can name, as (id, name)."""
    if scope == GrantScope.TEAM:
        return list(Team.objects.values_list("pk", "name"))
    path = settings.CCX_GRANT_TARGETS.get(scope)
    if not path:
        return []
    lister: Callable[[], Names] = import_string(path)
    return lister()


def describe(grants: Sequence[Grant]) -> list[tuple[Grant, str]]:
    """Each grant with the name of what it opens."""
    needed = {grant.scope for grant in grants if grant.target_id is not None}
    names = {scope: dict(names_of(scope)) for scope in needed}
    told = []
    for grant in grants:
        scope = GrantScope(grant.scope).label
        name = names.get(grant.scope, {}).get(grant.target_id or 0, f"#{grant.target_id}")
        told.append((grant, str(scope) if grant.target_id is None else f"{scope}: {name}"))
    return told
