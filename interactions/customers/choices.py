"""Kinds of identity, how sure we are of one and by what, and how its value is written."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import IntegerChoices, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class IdentityKind(TextChoices):
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    VISITOR = "visitor", _("Site visitor")
    ACCOUNT = "account", _("Account in another system")
    WHATSAPP = "whatsapp", _("WhatsApp")
    MESSENGER = "messenger", _("Messenger")
    INSTAGRAM = "instagram", _("Instagram")
    TELEGRAM = "telegram", _("Telegram")


class Assurance(IntegerChoices):
    """How sure we are that a contact is from whom it says. Counting uses ATTESTED and above."""

    NONE = 0, _("Unidentified")
    CLAIMED = 1, _("Claimed")
    ATTESTED = 2, _("Attested")
    PROVEN = 3, _("Proven")


class ConsentState(TextChoices):
    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# By such an id WhatsApp knows a person to us who keeps their number to themselves.
SCOPED_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
# What vouches for an address, or by what we know a wish, in words for people. A test finds every source in the code.
SOURCES: Final[Mapping[str, Promise]] = {
    "dmarc": _("the mail server of its domain vouches for the sender (DMARC)"),
    "mail": _("anybody can write a sender into a mail"),
    "reply-to": _("a mailer that we trust with it names them as whom to answer"),
    "reply token": _("it answers a sealed mail that only they were sent"),
    "carrier": _("the telephone company vouches for the number"),
    "caller id": _("anybody can show a number when calling"),
    "platform": _("the messenger's provider vouches for it"),
    "web form": _("anybody can type any address into a form"),
    "chat form": _("anybody can type any address into a chat"),
    "signed by the site": _("the site on which they are signed in vouches for them"),
    "chat token": _("it is the browser they chat with, whoever sits at it"),
    "given in a chat": _("it was typed into a chat, for answers to go to"),
    "link in a chat's mail": _("they opened a link that only this address was sent"),
    "link to a chat": _("they came by a link that only they were sent"),
    "agent": _("an agent was told"),
    "api": _("another system told us"),
    "import": _("it came with contacts of earlier years"),
    "customer": _("they said so"),
    "checkout": _("they said so when they bought something"),
    "survey link": _("they said so in a survey's mail"),
    "SMS": _("they said so by SMS"),
    "WhatsApp": _("they said so on WhatsApp"),
    "shop": _("the shop knows them by it"),
    "shop sign-in": _("they were signed in to the shop"),
    "sender line": _("anybody can write a sender into a mail"),
}
# What a person may write between the digits of a phone number.
PHONE_PUNCTUATION = re.compile(r"[\s().\-/]")


def source_words(source: str) -> str:
    """A source for people; of one with a name of its own ("api:1f3a", "import shop") what it is. Else as it stands."""
    kind = re.split(r"[ :]", source, maxsplit=1)[0]
    return str(SOURCES.get(source) or (SOURCES[kind] if kind in {"api", "import"} else source))


def shown_identity(kind: str, value: str, *, name: Callable[[], str]) -> str:
    """An address as people write it; where it is only a number of ours or of a platform, whose it is."""
    if kind in {IdentityKind.EMAIL, IdentityKind.PHONE} or (kind == IdentityKind.WHATSAPP and value.startswith("+")):
        return _shown_phone(value) if value.startswith("+") else value
    if told := name():
        return told
    if kind == IdentityKind.VISITOR:
        return str(_("the visitor in the chat"))
    return value.rpartition(":")[2] if kind == IdentityKind.ACCOUNT else value


def _shown_phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def normalise_identity(kind: str, value: str) -> str:
    """The one way an identity's value is written: lower-case mail, E.164 phone, others trimmed.

    Raises ValueError for what cannot be one.
    """
    text = value.strip()
    if kind == IdentityKind.EMAIL:
        return _normal_email(text)
    if kind == IdentityKind.WHATSAPP and SCOPED_ID.fullmatch(text):
        return text
    if kind in {IdentityKind.PHONE, IdentityKind.WHATSAPP}:
        return _normal_phone(text)
    if not text or len(text) > 254 or "\x00" in text:
        raise ValueError(value)
    return text


def _normal_email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError(text) from None
    return text.lower()


def _normal_phone(text: str) -> str:
    digits = PHONE_PUNCTUATION.sub("", text)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    try:
        number = phonenumbers.parse(digits, None)
    except phonenumbers.NumberParseException:
        raise ValueError(text) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
