"""Who may follow which topic of the desk. Nudges carry no data, yet even "something happened there" is for those who
may see it, and so are the names of who looks at it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from ccx.kernel.models import Team, User
from ccx.kernel.people.choices import Ability
from interactions.cases.models import Interaction
from interactions.routing.models import Queue


def _oneself(user: User, keys: Collection[str]) -> set[str]:
    return {str(user.public_id)}


def _queues(user: User, keys: Collection[str]) -> set[str]:
    return _named(Queue.objects.visible_to(user).filter(public_id__in=_ids(keys)))


def _teams(user: User, keys: Collection[str]) -> set[str]:
    return _named(Team.objects.visible_to(user).filter(public_id__in=_ids(keys)))


def _interactions(user: User, keys: Collection[str]) -> set[str]:
    return _named(Interaction.objects.readable_by(user).filter(public_id__in=_ids(keys)))


def _everybody(user: User, keys: Collection[str]) -> set[str]:
    """How lines stand concerns whoever writes; the whole floor whoever supervises it."""
    return {"lines", "desk"} if user.can(Ability.SUPERVISE) else {"lines"}


DESK_TOPICS: Mapping[str, Callable[[User, Collection[str]], set[str]]] = {
    "user": _oneself,
    "queue": _queues,
    "team": _teams,
    "interaction": _interactions,
    "all": _everybody,
}


def _ids(keys: Collection[str]) -> list[UUID]:
    """Keys that are public ids; a topic's key may also be a word."""
    return [UUID(key) for key in keys if "-" in key]


def _named(rows: "QuerySet[Any]") -> set[str]:
    return {str(public_id) for public_id in rows.values_list("public_id", flat=True)}
