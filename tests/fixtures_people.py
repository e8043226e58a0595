"""Alice leads a team, Bob is on it, Charlie leads another: what Alice may see, Charlie must not."""

import pytest

from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import GrantScope, Role
from tests.factories.people import make_grant, make_team, make_user


@pytest.fixture
def team(db: None) -> Team:
    return make_team("Billing")


@pytest.fixture
def other_team(db: None) -> Team:
    return make_team("Repairs")


@pytest.fixture
def alice(team: Team) -> User:
    """A supervisor with a grant on her team."""
    user = make_user(Role.SUPERVISOR, team=team, email="alice@example.org", name="Alice")
    make_grant(user, GrantScope.TEAM, team.pk)
    return user


@pytest.fixture
def bob(team: Team) -> User:
    """An agent on Alice's team."""
    user = make_user(Role.AGENT, team=team, email="bob@example.org", name="Bob")
    make_grant(user, GrantScope.TEAM, team.pk)
    return user


@pytest.fixture
def charlie(other_team: Team) -> User:
    """A supervisor of another team, who must see nothing of Alice's."""
    user = make_user(Role.SUPERVISOR, team=other_team, email="charlie@example.org", name="Charlie")
    make_grant(user, GrantScope.TEAM, other_team.pk)
    return user


@pytest.fixture
def admin(db: None) -> User:
    """An administrator."""
    return make_user(Role.ADMINISTRATOR, email="admin@example.org", name="Ada")
