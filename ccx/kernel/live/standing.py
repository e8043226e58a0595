"""Who is behind a session, and whether that still stands: asked of the database, so no lost message can hide it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.models import User

# Compared where the rows are: a process asks it of all its people again and again, beside serving them.
STANDINGS = """
SELECT u.id, hashtextextended(
    concat_ws('|', u.role, coalesce(u.team_id, 0), u.is_superuser, u.password, (
        SELECT string_agg(g.scope || ':' || coalesce(g.target_id, 0), ',' ORDER BY g.scope, g.target_id)
        FROM kernel_grant g WHERE g.user_id = u.id
    )), 0)
FROM kernel_user u WHERE u.id = ANY(%s) AND u.is_active
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Who opened a socket. `standing` is another one after any change of what they may do."""

    pk: int
    public_id: str
    name: str
    handles_contacts: bool
    standing: int


def person_behind(session_key: str) -> Person | None:
    """The person signed in by this session, or None: no such session, ended, closed account, changed password."""
    session = SessionStore(session_key)
    try:
        pk, backend, signed = session[SESSION_KEY], session[BACKEND_SESSION_KEY], session[HASH_SESSION_KEY]
    except KeyError:
        return None
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = load_backend(backend).get_user(pk)
    if not isinstance(user, User) or not user.is_active:
        return None
    if not constant_time_compare(signed, user.get_session_auth_hash()):
        return None
    return Person(
        pk=user.pk,
        public_id=str(user.public_id),
        name=str(user),
        handles_contacts=user.can(Ability.HANDLE_CONTACTS),
        standing=standings([user.pk])[user.pk],
    )


def standings(people: Collection[int]) -> Mapping[int, int]:
    """A number per open account that changes with its role, team, grants or password."""
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, [list(people)])
        return dict(cursor.fetchall())


def running_sessions(keys: Collection[str]) -> set[str]:
    """Those of the sessions that have not ended."""
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    return set(rows.values_list("session_key", flat=True))


def call_for(hook: str, pk: int) -> None:
    """Call what a setting names for an agent whose account is open."""
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is not None:
        import_string(hook)(agent=user)
