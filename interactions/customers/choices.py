"""Kinds of identity, and how sure we are of one."""

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
