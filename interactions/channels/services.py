"""Passwords of a line: written by those who configure, read by what fetches and sends, shown to nobody."""

import json
from collections.abc import Mapping

from django.db import transaction

from ccx.kernel.models import User
from ccx.kernel.people.services.authority import require_configure
from ccx.kernel.secrets import decrypt, encrypt, encrypt_anew
from interactions.channels.models import Inbox


@transaction.atomic
def keep_credentials(*, inbox_id: int, credentials: Mapping[str, str], by: User | None) -> Inbox:
    """Keep these beside what was kept; an empty value takes one away."""
    require_configure(by)
    inbox = Inbox.objects.select_for_update().get(pk=inbox_id)
    kept = {name: value for name, value in (credentials_of(inbox) | dict(credentials)).items() if value}
    inbox.credentials = encrypt(json.dumps(kept)) if kept else ""
    inbox.save(update_fields=["credentials"])
    return inbox


@transaction.atomic
def rotate_credentials(*, by: User | None) -> int:
    """Encrypt every line's passwords with the first key; how many lines have some."""
    require_configure(by)
    inboxes = Inbox.objects.select_for_update().exclude(credentials="").order_by("pk")
    for inbox in inboxes:
        inbox.credentials = encrypt_anew(inbox.credentials)
        inbox.save(update_fields=["credentials"])
    return len(inboxes)


def credentials_of(inbox: Inbox) -> dict[str, str]:
    """What was kept, in the clear. Raises SecretIsUnreadableError if the key for it is gone."""
    kept: dict[str, str] = json.loads(decrypt(inbox.credentials) or "{}")
    return kept
