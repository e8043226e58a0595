"""Signs of ours on the customer's side: that somebody writes, and that what they sent was seen.

Niceties: nobody waits for them, and one that is lost is nobody's trouble.
"""

from typing import Final

from django.core.cache import cache

from ccx.kernel.secrets import SecretIsUnreadableError
from interactions.cases.choices import AuthorKind
from interactions.cases.models import Interaction, Message
from interactions.channels.models import LineHealth, LineState
from interactions.channels.registry import adapter_of, line_of

TYPING_EVERY: Final = 5
READ_ONCE_FOR: Final = 7 * 24 * 3600


def may_tell_typing(record: str) -> bool:
    """Whether the customer of a contact can be shown that an answer is being written, and was not a moment ago."""
    return _is_first(f"signs:typing:{record}", TYPING_EVERY) and _can(record, "shows_typing")


def may_tell_read(record: str) -> bool:
    """Whether a channel shows what we saw, and its customer's newest message is not known as seen yet."""
    if not _can(record, "shows_read"):
        return False
    newest = _last_heard(record)
    return newest is not None and _is_first(f"signs:read:{newest.pk}", READ_ONCE_FOR)


def tell_typing(record: str) -> None:
    """Show the customer that somebody writes to them."""
    contact = _contact(record)
    if contact is None or contact.identity is None or not _can(record, "shows_typing"):
        return
    adapter, heard = adapter_of(contact.inbox), _last_heard(record)
    if adapter is not None:
        told = heard.external_id if heard is not None else ""
        adapter.tell_typing(line_of(contact.inbox), contact.identity.value, last_heard=told)


def tell_read(record: str) -> None:
    """Show the customer that their newest message was seen."""
    contact, heard = _contact(record), _last_heard(record)
    if contact is None or heard is None or not _can(record, "shows_read"):
        return
    adapter = adapter_of(contact.inbox)
    if adapter is not None and heard.external_id:
        adapter.tell_read(line_of(contact.inbox), heard.external_id)


def _contact(record: str) -> Interaction | None:
    return Interaction.objects.select_related("inbox", "identity").filter(public_id=record).first()


def _last_heard(record: str) -> Message | None:
    heard = Message.objects.filter(interaction__public_id=record, author_kind=AuthorKind.CUSTOMER)
    return heard.exclude(external_id="").order_by("-sent_at", "-pk").first()


def _can(record: str, capability: str) -> bool:
    """Whether a contact's line shows it, is up, and has a provider that has to be told: our own chat needs nobody."""
    contact = _contact(record)
    if contact is None or contact.is_closed or not contact.inbox.is_active:
        return False
    adapter = adapter_of(contact.inbox)
    try:
        can = adapter.capabilities(line_of(contact.inbox)) if adapter is not None else None
    except SecretIsUnreadableError:
        return False
    if can is None or can.is_instant or not getattr(can, capability):
        return False
    return not LineHealth.objects.filter(pk=contact.inbox_id).exclude(state=LineState.WELL).exists()


def _is_first(key: str, seconds: int) -> bool:
    return bool(cache.add(key, 1, timeout=seconds))
