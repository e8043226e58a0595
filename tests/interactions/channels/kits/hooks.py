"""A system of one's own that hears our answers by webhook."""

from collections.abc import Mapping
from typing import Any

from interactions.channels.choices import Channel
from tests.factories.webservers import Heard, Said
from tests.interactions.channels.kit import Kit


class HookKit(Kit):
    channel = Channel.API
    secrets = {"secret": "whsec_" + "c2VjcmV0" * 5}
    recipient = "account-1"

    def accepted(self, heard: Heard) -> Said:
        return Said(200, b'{"id": "theirs-1"}')

    def settings_at(self, url: str) -> Mapping[str, Any]:
        return {"url": f"{url}/hook"}


KITS = (HookKit(),)
