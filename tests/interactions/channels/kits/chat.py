"""Chat of our own: no provider calls, and nothing goes over a network."""

from interactions.channels.choices import Channel
from tests.interactions.channels.kit import Kit


class ChatKit(Kit):
    channel = Channel.CHAT
    settings = {"origins": ["https://shop.example"]}
    recipient = "01a22000-0000-7000-8000-000000000000"
    sends = False


KITS = (ChatKit(),)
