"""What an answer to one of our mails carries back: which contact it answers, under a seal that only we can make.

In the plus-address the seal is 82 bits of an HMAC-SHA256, compared whole: a local part may have 64 characters and must
survive in one case, so the token is short and to the base 36. The Message-ID has room for all of its own. Tokens made
before seals became short (50 characters, the whole HMAC) are read for ever.
"""

import hmac
from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
SEAL_LENGTH: Final = 16  # 36**16 > 2**82
LONG_SEAL_LENGTH: Final = 50  # 36**50 > 2**256
LONGEST_LOCAL_PART: Final = 64
LONGEST_NUMBER: Final = 13  # 36**13 > 2**63


def reply_token(interaction_id: int) -> str:
    """The number of a contact and its seal."""
    return _written(interaction_id) + _seal(interaction_id)


def read_reply_token(token: str) -> int | None:
    """The contact that a token names; None for one that we did not make, in whatever way it differs."""
    is_long = len(token) > LONG_SEAL_LENGTH
    number = token[: -(LONG_SEAL_LENGTH if is_long else SEAL_LENGTH)]
    if not 1 <= len(number) <= LONGEST_NUMBER or not number.isascii() or not number.isalnum():
        return None
    interaction_id = int(number, 36)
    made = _written(interaction_id) + _long_seal(interaction_id) if is_long else reply_token(interaction_id)
    return interaction_id if hmac.compare_digest(made.encode(), token.encode("utf-8", "replace")) else None


def reply_address(address: str, interaction_id: int) -> str:
    """The line's address that brings an answer back to its contact; "" where it would be longer than one may be."""
    local, _, domain = address.rpartition("@")
    tagged = f"{local}+{reply_token(interaction_id)}"
    return f"{tagged}@{domain}" if local and len(tagged) <= LONGEST_LOCAL_PART else ""


def token_in(address: str) -> str:
    """What follows the plus of an address."""
    return address.rpartition("@")[0].partition("+")[2]


def without_token(address: str) -> str:
    """An address without what follows its plus, in lower case."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}".lower()


def sent_id(message_public_id: UUID, *, domain: str) -> str:
    """The Message-ID of a mail of ours; always the same for the same message."""
    name = message_public_id.hex
    return f"<{name}.{salted_hmac('ccx sent mail', name, algorithm='sha256').hexdigest()}@{domain}>"


def read_sent_id(message_id: str) -> UUID | None:
    """Our message that a Message-ID names; None for an id that we did not make."""
    local, _, domain = message_id.strip("<>").rpartition("@")
    name = local.partition(".")[0]
    if len(name) != 32 or not domain:
        return None
    try:
        public_id = UUID(hex=name)
    except ValueError:
        return None
    made = sent_id(public_id, domain=domain)
    return public_id if hmac.compare_digest(made.encode(), message_id.encode("utf-8", "replace")) else None


def _seal(interaction_id: int) -> str:
    digest = salted_hmac("ccx short reply token", str(interaction_id), algorithm="sha256").digest()
    return _written(int.from_bytes(digest)).rjust(LONG_SEAL_LENGTH, "0")[-SEAL_LENGTH:]


def _long_seal(interaction_id: int) -> str:
    digest = salted_hmac("ccx reply token", str(interaction_id), algorithm="sha256").digest()
    return _written(int.from_bytes(digest)).rjust(LONG_SEAL_LENGTH, "0")


def _written(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"
