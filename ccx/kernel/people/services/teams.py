"""Teams: made, renamed, closed."""

from django.db import transaction

from ccx.kernel.people.errors import TeamHasPeopleError, TeamNameTakenError
from ccx.kernel.people.models import Team, User
from ccx.kernel.people.services.authority import require_configure


@transaction.atomic
def create_team(*, name: str, by: User | None) -> Team:
    """Make a team."""
    require_configure(by)
    _refuse_taken(name, but=None)
    return Team.objects.create(name=name.strip())


@transaction.atomic
def change_team(*, team_id: int, name: str, is_active: bool, by: User | None) -> Team:
    """Rename a team, close it or open it again. One with people cannot be closed; its past keeps its name."""
    require_configure(by)
    team = Team.objects.select_for_update().get(pk=team_id)
    _refuse_taken(name, but=team)
    if team.is_active and not is_active and team.members.filter(is_active=True).exists():
        raise TeamHasPeopleError
    team.name, team.is_active = name.strip(), is_active
    team.save(update_fields=["name", "is_active"])
    return team


def _refuse_taken(name: str, *, but: Team | None) -> None:
    others = Team.objects.filter(name__iexact=name.strip())
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise TeamNameTakenError(name=name)
