"""What the promises of tests/interactions/channels/test_promises.py need to know of a provider.

A module of tests/interactions/channels/kits holds KITS, one Kit for each adapter it covers; it is found by itself.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from django.test import override_settings

from ccx.embedded.ports import a_free_port
from interactions.channels.choices import Channel
from interactions.channels.contract import Line
from tests.factories.webservers import Heard, Said, StandIn, raw_server, stand_in

# How the provider takes what we send: well; nobody listens; "too many" with Retry-After: 7; never (400);
# 500 without a word; and the line that breaks after it had it all.
Mood = Literal["well", "down", "limited", "refused", "failing", "broken"]


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A request of the provider. `path` is what it appends to the line's address, a query included."""

    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    path: str = ""
    method: str = "POST"

    def signed(self, **headers: str) -> "Wire":
        """The same with these headers; underscores stand for dashes."""
        return replace(self, headers={**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})


class Kit:
    """Samples of one adapter. What a provider does not have returns None, and that promise is left out for it."""

    channel: Channel
    provider: str = ""
    address: str = ""
    # Where the adapter's line keeps the base address of its provider's API; a dotted name for a group.
    settings: Mapping[str, Any] = {}
    secrets: Mapping[str, str] = {}
    recipient: str = ""
    # An id of a message of ours as its provider writes it.
    provider_id: str = "their-1"
    # Whether the signature covers the body (one altered byte is refused) or only a shared secret is brought.
    signs_body: bool = True
    # Whether what it brings bears a time that we go by; a mail's Date is its sender's, and decides nothing.
    tells_time: bool = True
    # What the provider hears about a verified delivery that cannot be read, and about one whose kind is unknown.
    malformed_status: int = 200
    # Whether we can send over it through HTTP or the kit's own `standing`.
    sends: bool = True

    # What the provider brings. Unsigned: `sign` is called on each.

    def message(self, number: int) -> Wire | None:
        """The number-th message of one customer, a minute after the one before; its text has f"no {number}"."""
        return None

    def sign(self, wire: Wire, line: Line, url: str) -> Wire:
        """The same as its provider signs it for this line at this address."""
        return wire

    def stale(self, wire: Wire, line: Line, url: str) -> Wire | None:
        """Rightly signed, but ten minutes ago; None where the scheme knows no time."""
        return None

    def report(self, provider_id: str, state: str) -> Wire | None:
        """The provider says that a message of ours is "sent", "delivered", "read" or "failed"."""
        return None

    def unknown(self) -> Wire | None:
        """An event of a kind that nobody knows yet."""
        return None

    def malformed(self) -> Wire | None:
        """Something that is signed and cannot be read."""
        return Wire(body=b'{"half')

    # What the provider answers when we send.

    def accepted(self, heard: Heard) -> Said:
        """The answer to a message that it takes; its id has to become Handed.provider_id where there is one."""
        return Said(200, b"{}")

    def refused(self, heard: Heard) -> Said:
        """The answer to a message that it will never take."""
        return Said(400, b"{}")

    def limited(self, heard: Heard) -> Said:
        """The answer to one message too many; it asks for seven seconds where the provider can."""
        return Said(429, b"{}", {"retry-after": "7"})

    def settings_at(self, url: str) -> Mapping[str, Any]:
        """The line's settings with the provider's API at this address."""
        return {**self.settings, "api_url": url}

    @contextmanager
    def standing(self, mood: Mood) -> Iterator[tuple[Mapping[str, Any], StandIn | None]]:
        """A provider in this mood: the line's settings, and the stand-in where one listens over HTTP."""
        if mood == "down":
            port = a_free_port()
            with override_settings(CCX_EGRESS_ALLOW=[f"127.0.0.1:{port}"]):
                yield self.settings_at(f"http://127.0.0.1:{port}"), None
        elif mood == "broken":
            with raw_server(lambda connection: connection.recv(65536)) as port:
                yield self.settings_at(f"http://127.0.0.1:{port}"), None
        else:
            answers = {"well": self.accepted, "limited": self.limited, "refused": self.refused}
            with stand_in(answers.get(mood, lambda _heard: Said(500))) as server:
                yield self.settings_at(server.url), server


PUBLIC_ID = UUID("018f3c9e-0000-7000-8000-000000000001")


def line_for(kit: Kit, **settings: Any) -> Line:
    """A line of the kit's provider without a row, with these settings besides its own."""
    return Line(
        inbox_id=1,
        public_id=PUBLIC_ID,
        channel=kit.channel,
        name="Line",
        address=kit.address,
        settings={**kit.settings, **settings},
        secrets=kit.secrets,
        webhook_url=f"https://contact.example.org/in/{PUBLIC_ID}/",
    )
