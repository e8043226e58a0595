"""Kinds of identity, how sure we are of one, and how its value is written."""

import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import IntegerChoices, TextChoices
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
# What a person may write between the digits of a phone number.
PHONE_PUNCTUATION = re.compile(r"[\s().\-/]")


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
