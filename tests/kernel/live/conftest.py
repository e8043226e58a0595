"""One socket process a module: it only reads."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ccx.kernel.models import User
from ccx.kernel.people.choices import GrantScope
from interactions.intake.services import receive
from interactions.models import Interaction
from tests.factories.contacts import claim, contact, make_centre
from tests.factories.people import make_grant
from tests.fixtures_people import admin, alice, bob, charlie, other_team, team
from tests.kernel.live.wire import Tab, session_of, sockets_process

__all__ = ["admin", "alice", "bob", "charlie", "other_team", "team"]


@pytest.fixture(scope="module")
def port(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    with django_db_blocker.unblock(), sockets_process() as (number, _process):
        yield number


@pytest.fixture
def tab(port: int, transactional_db: None) -> Iterator[Callable[..., Tab]]:
    """Open a page of somebody; the socket says hello."""
    with ExitStack() as opened:

        def open_tab(user: User, **options: Any) -> Tab:
            page = opened.enter_context(Tab(port, session_of(user), **options))
            assert page.hear("me") == {"me": str(user.public_id)}
            return page

        yield open_tab


@pytest.fixture
def contact_of_alice(transactional_db: None, alice: User) -> str:
    """A contact that Alice may read and Charlie may not."""
    centre = make_centre()
    make_grant(alice, GrantScope.TEAM, centre.team.pk)
    receipt = receive(contact=contact(centre.chat, "1", identity=claim()), by_id=None)
    return str(Interaction.objects.get(pk=receipt.interaction_id).public_id)
