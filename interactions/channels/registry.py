"""Every adapter there is. A new channel or provider adds its line here, and nothing else of CCX has to know it."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from interactions.channels.chat.adapter import ChatAdapter
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, Line
from interactions.channels.email.adapters import MAIL_ADAPTERS
from interactions.channels.hooks.adapter import HookAdapter
from interactions.channels.instagram.adapter import InstagramAdapter
from interactions.channels.messenger.adapter import MessengerAdapter
from interactions.channels.models import Inbox
from interactions.channels.services import credentials_of
from interactions.channels.sms.adapter import SmsAdapter
from interactions.channels.telegram.adapter import TelegramAdapter
from interactions.channels.voice.cti import CtiAdapter
from interactions.channels.voice.twilio import TwilioVoiceAdapter
from interactions.channels.whatsapp.adapter import WhatsAppAdapter

ADAPTERS: Final[tuple[Adapter, ...]] = (
    *MAIL_ADAPTERS,
    ChatAdapter(),
    HookAdapter(),
    SmsAdapter(),
    WhatsAppAdapter(),
    MessengerAdapter(),
    InstagramAdapter(),
    TelegramAdapter(),
    TwilioVoiceAdapter(),
    CtiAdapter(),
)

BY_KEY: Final[Mapping[tuple[int, str], Adapter]] = {
    (adapter.channel.value, adapter.provider): adapter for adapter in ADAPTERS
}


def adapter_of(inbox: Inbox) -> Adapter | None:
    """Who speaks for this line; None if its channel has no provider of that name."""
    return BY_KEY.get((inbox.channel, inbox.provider))


def line_of(inbox: Inbox) -> Line:
    """The line as its adapter sees it. Raises SecretIsUnreadableError if the key for its credentials is gone."""
    return Line(
        inbox_id=inbox.pk,
        public_id=inbox.public_id,
        channel=Channel(inbox.channel),
        name=inbox.name,
        address=inbox.address,
        settings=inbox.settings,
        secrets=credentials_of(inbox),
        webhook_url=webhook_url(inbox),
    )


def webhook_url(inbox: Inbox) -> str:
    """Where the line's provider calls us: the address to copy into the provider's console."""
    return f"{settings.BASE_URL.rstrip('/')}/in/{inbox.public_id}/"
