"""Our answers on their way into a chat: there is nowhere to bring them, the visitor's browser reads them here."""

from interactions.handling.models import Sending


def show_in_chat(sending: Sending) -> None:
    """Nothing is left to do: once it is settled as sent, the visitor's state shows it."""
