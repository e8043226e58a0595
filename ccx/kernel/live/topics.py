"""What a page can follow: "kind:key". Who may follow which is the setting CCX_LIVE_TOPICS."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from ccx.kernel.people.models import User

# Of the keys asked for, those the person may follow.
MayFollow = Callable[[User, Collection[str]], set[str]]

DESK = "all:desk"
_PUBLIC_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TOPIC = re.compile(rf"([a-z]{{1,20}}):({_PUBLIC_ID}|[a-z]{{1,20}})", re.ASCII)


def user_topic(public_id: UUID | str) -> str:
    return f"user:{public_id}"


def queue_topic(public_id: UUID | str) -> str:
    return f"queue:{public_id}"


def team_topic(public_id: UUID | str) -> str:
    return f"team:{public_id}"


def interaction_topic(public_id: UUID | str) -> str:
    return f"interaction:{public_id}"


def visitor_topic(public_id: UUID | str) -> str:
    """What a visitor's own socket follows; nobody who is signed in may."""
    return f"visitor:{public_id}"


def typing_topic(record: UUID | str) -> str:
    """Somebody of ours types in a record: for its customer's own socket only."""
    return f"typing:{record}"


def is_topic(words: object) -> bool:
    """Whether it has the shape of one; says nothing about whether anything is behind it."""
    return isinstance(words, str) and _TOPIC.fullmatch(words) is not None


def permitted(user_id: int, topics: Iterable[str]) -> set[str]:
    """Those of the topics that this person may follow; what is no topic, or of no known kind, nobody may."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return set()
    rules: Mapping[str, MayFollow] = import_string(settings.CCX_LIVE_TOPICS)
    asked: dict[str, list[str]] = {}
    for topic in topics:
        if is_topic(topic):
            kind, _, key = topic.partition(":")
            asked.setdefault(kind, []).append(key)
    return {
        f"{kind}:{key}" for kind, keys in asked.items() if kind in rules for key in rules[kind](user, keys) & set(keys)
    }
