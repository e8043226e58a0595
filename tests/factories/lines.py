"""Lines of pretended providers: what they are told is remembered, and they can what a test says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from interactions.channels import registry
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, Capabilities, Check, Field, Handed, Line, Outgoing, TemplateSlot

TEMPLATES = (
    TemplateSlot(
        name="order_news",
        language="en",
        text="Hello {{1}}, there is news about your order {{2}}. Answer here to read it.",
        parameters=2,
    ),
    TemplateSlot(name="we_called", language="de", text="Wir haben versucht, Sie zu erreichen.", parameters=0),
)
CAN = {
    Channel.CHAT: Capabilities(),
    Channel.EMAIL: Capabilities(can_start=True, has_subject=True, max_files=5, max_file=1_000_000),
    Channel.SMS: Capabilities(can_start=True, max_text=1600, counts="utf16"),
    Channel.WHATSAPP: Capabilities(
        can_start=True,
        max_text=4096,
        max_text_with_files=1024,
        max_files=1,
        max_file=500_000,
        file_types=("image/png", "image/jpeg", "application/pdf"),
        reply_window=timedelta(hours=24),
        templates=TEMPLATES,
        tells_delivered=True,
        tells_read=True,
    ),
}
KINDS = {Channel.CHAT: "visitor", Channel.EMAIL: "email", Channel.SMS: "phone", Channel.WHATSAPP: "whatsapp"}


class PretendLine(Adapter):
    """Sends by remembering; an exception in `fails` is raised once."""

    label = "Pretended"
    has_webhook = False

    def __init__(self, channel: Channel, can: Capabilities) -> None:
        self.channel, self.can = channel, can  # type: ignore[misc]
        self.identity_kind = KINDS[channel]  # type: ignore[misc]
        self.sent: list[Outgoing] = []
        self.fails: list[Exception] = []

    def fields(self) -> Sequence[Field]:
        return ()

    def capabilities(self, line: Line) -> Capabilities:
        return self.can

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        if self.fails:
            raise self.fails.pop()
        self.sent.append(outgoing)
        return Handed(provider_id=f"p-{outgoing.reference}")

    def check(self, line: Line) -> Sequence[Check]:
        return ()


@contextmanager
def pretend_lines(**can: Capabilities) -> Iterator[dict[Channel, PretendLine]]:
    """While it lasts chat, e-mail, SMS and WhatsApp are pretended; `can` by slug says what else a line can do."""
    lines = {channel: PretendLine(channel, can.get(channel.slug, known)) for channel, known in CAN.items()}
    with patch.dict(registry.BY_KEY, {(channel.value, ""): line for channel, line in lines.items()}):
        yield lines
