"""Lines whose mail does not come in, for who sits at the desk and waits for it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from interactions.channels.models import Inbox
from interactions.handling.selectors.lines import LineDown


class MailboxDown(Protocol):
    """What the mail's door tells of one; `since` is None if its mail never came in."""

    @property
    def inbox(self) -> Inbox: ...

    @property
    def since(self) -> datetime | None: ...


def mailboxes_down(*, besides: Sequence[LineDown]) -> list[MailboxDown]:
    """Those that are not told of already, because the provider refuses the line altogether."""
    ask: Callable[[], list[MailboxDown]] = import_string(settings.CCX_MAILBOXES_DOWN)
    refused = {line.inbox.pk for line in besides if line.is_refused}
    return [one for one in ask() if one.inbox.pk not in refused]
