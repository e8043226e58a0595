"""Files of ours that a provider fetches by their address: signed, and gone after a quarter of an hour."""

from typing import Final

from django.conf import settings
from django.core import signing

from interactions.cases.models import Attachment

SALT: Final = "outgoing file"
SECONDS: Final = 15 * 60


def file_address(kept: Attachment) -> str:
    """The public address of one file for as long as a provider needs to fetch it."""
    return f"{settings.BASE_URL.rstrip('/')}/files/{signing.dumps(kept.pk, salt=SALT)}/"


def file_named(token: str) -> Attachment | None:
    """The file of an address that is ours and not too old; only what an agent sent is ever shown."""
    try:
        number = signing.loads(token[:200], salt=SALT, max_age=SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    kept = Attachment.objects.filter(pk=number, state=Attachment.State.KEPT, message__sending__isnull=False)
    return kept.first()
