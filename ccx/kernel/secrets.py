"""Text that is kept encrypted: passwords of mail servers and the like. The keys stand in settings, never in the rows.

The first key encrypts, every key decrypts: a new key is put in front, `manage.py rotate_secrets` encrypts what is
kept anew, and then the old key can go.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from ccx.kernel.errors import DomainError


class SecretIsUnreadableError(DomainError):
    """None of the keys opens what is kept: a key was taken away before everything was encrypted anew."""

    code = "secret_is_unreadable"


def encrypt(text: str) -> str:
    """The text as only the holder of a key can read it; nothing stays nothing."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def decrypt(kept: str) -> str:
    """What `encrypt` was given. Raises SecretIsUnreadableError if no key fits."""
    if not kept:
        return ""
    try:
        return _fernet().decrypt(kept.encode()).decode()
    except InvalidToken:
        raise SecretIsUnreadableError from None


def encrypt_anew(kept: str) -> str:
    """The same secret under the first key. Raises SecretIsUnreadableError if no key fits."""
    return encrypt(decrypt(kept))


def is_key(key: str) -> bool:
    """Whether a key has the form a key must have: 32 bytes in URL-safe base64."""
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _fernet() -> MultiFernet:
    return _fernet_of(tuple(settings.CCX_ENCRYPTION_KEYS) or (_own_key(),))


@lru_cache(maxsize=2)
def _fernet_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _own_key() -> str:
    """Outside production one key is enough for everything (ccx/checks.py refuses that in production)."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"ccx secrets|" + settings.SECRET_KEY.encode()).digest()).decode()
