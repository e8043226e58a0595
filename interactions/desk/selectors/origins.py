"""What a channel told beside a customer's words: what they answer, and what brought them. All of it is the
customer's or the provider's word, so every value may be of any shape, and only web addresses become links."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from ccx.kernel.models import User
from interactions.cases.models import Interaction, Message
from interactions.desk.selectors.door import readable
from interactions.handling.models import Sending

MOST_WORDS = 120


@dataclass(frozen=True, kw_only=True)
class Origin:
    """One line above a message. `kind`: answers, story, advertisement, link, product, choice; `target`: the message
    that is answered, where it stands in the same window."""

    kind: str
    text: str = ""
    url: str = ""
    target: UUID | None = None


Answered = Mapping[tuple[int, str], Message]


def answered_by(messages: Sequence[Message], contacts: Mapping[int, Interaction], user: User) -> Answered:
    """The messages that these answer, by line and the provider's name for them; of the same person only."""
    wanted: dict[int, set[str]] = {}
    for message in messages:
        contact, name = contacts[message.interaction_id], _words(message.meta.get("reply_to"), most=250)
        if name and contact.identity_id is not None:
            wanted.setdefault(contact.inbox_id, set()).add(name)
    if not wanted:
        return {}
    people = {contact.identity_id for contact in contacts.values() if contact.identity_id is not None}
    theirs = readable(user).filter(identity__in=people, inbox__in=wanted)
    names = set().union(*wanted.values())
    said = Message.objects.filter(external_id__in=names, interaction__in=theirs, is_note=False)
    found = {(one.interaction.inbox_id, one.external_id): one for one in said.select_related("interaction")}
    ours = Sending.objects.filter(inbox__in=wanted, provider_id__in=names, message__interaction__in=theirs)
    return found | {(one.inbox_id, one.provider_id): one.message for one in ours.select_related("message")}


def origins_of(
    message: Message, contact: Interaction, answered: Answered, shown: Collection[int]
) -> tuple[Origin, ...]:
    """What stands above one message, if anything does; `shown` are the messages of the window."""
    meta = message.meta
    name = _words(meta.get("reply_to"), most=250)
    found: list[Origin | None] = [
        _answers(answered.get((contact.inbox_id, name)), shown) if name else None,
        Origin(kind="story", url=_address(meta["story"])) if _words(meta.get("story")) else None,
        _came_from(meta.get("referral")),
        _product(meta.get("product")),
        _choice(_words(meta.get("choice")), message.body),
    ]
    return tuple(one for one in found if one is not None)


def _answers(target: Message | None, shown: Collection[int]) -> Origin:
    if target is None:
        return Origin(kind="answers")
    is_here = target.pk in shown
    return Origin(kind="answers", text=_words(target.body), target=target.public_id if is_here else None)


def _came_from(told: Any) -> Origin | None:
    if not isinstance(told, dict):
        return None
    text = _words(told.get("headline")) or _words(told.get("body")) or _words(told.get("source_id"))
    if text or _words(told.get("source_url")):
        return Origin(kind="advertisement", text=text, url=_address(told.get("source_url")))
    ref = _words(told.get("ref"))
    return Origin(kind="link", text=ref) if ref else None


def _product(told: Any) -> Origin | None:
    name = _words(told.get("product_retailer_id")) if isinstance(told, dict) else ""
    return Origin(kind="product", text=name) if name else None


def _choice(chosen: str, body: str) -> Origin | None:
    """The key of a button, where it says more than its words."""
    return Origin(kind="choice", text=chosen) if chosen and chosen != _words(body) else None


def _words(told: Any, *, most: int = MOST_WORDS) -> str:
    words = " ".join(told[: 10 * most].split()) if isinstance(told, str) else ""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _address(told: Any) -> str:
    """A web address that may be opened, else nothing."""
    address = told.strip() if isinstance(told, str) else ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.hostname and len(address) <= 2000 else ""
