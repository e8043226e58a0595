"""The media a contact can come over. Stored as small numbers; named by slug in the API and in exports."""

from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _


class Channel(IntegerChoices):
    VOICE = 1, _("Voice")
    CHAT = 2, _("Chat")
    EMAIL = 3, _("E-mail")
    SMS = 4, _("SMS")
    WHATSAPP = 5, _("WhatsApp")
    MESSENGER = 6, _("Messenger")
    INSTAGRAM = 7, _("Instagram")
    TELEGRAM = 8, _("Telegram")
    WEB_FORM = 9, _("Web form")
    API = 10, _("API")

    @property
    def slug(self) -> str:
        """The name outside: voice, chat, email, sms, ..., web_form, api."""
        return self.name.lower()

    @classmethod
    def from_slug(cls, slug: str) -> "Channel":
        """Raises KeyError for a slug that is none."""
        return cls[slug.upper()]


# Media on which both sides are present at once: a caller can abandon; others go unanswered.
LIVE_CHANNELS = frozenset({Channel.VOICE, Channel.CHAT})

# Media without an end of their own: a day of silence ends a contact there.
MESSAGING_CHANNELS = frozenset(
    {Channel.CHAT, Channel.SMS, Channel.WHATSAPP, Channel.MESSENGER, Channel.INSTAGRAM, Channel.TELEGRAM}
)
