"""A pretend provider: signs its deliveries, and brings messages, reports and edits as plain JSON."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.test import Client

from interactions.channels import registry
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Adapter,
    Answer,
    Arrived,
    Capabilities,
    Check,
    Edit,
    FetchedFile,
    Field,
    Line,
    NotVerifiedError,
    Parsed,
    RemoteFile,
    Report,
    Request,
)
from interactions.channels.models import Inbox
from interactions.channels.services import keep_credentials
from tests.factories.contacts import claim, contact

SECRET = "word-of-the-line"


class PretendAdapter(Adapter):
    """Speaks for lines whose provider is "pretend". `remote` are the files that it keeps."""

    channel = Channel.TELEGRAM
    provider = "pretend"
    label = "Pretend"
    identity_kind = "telegram"
    kept_headers = ("content-type", "x-number")
    secret_query = ("word",)

    def __init__(self) -> None:
        self.remote: dict[str, bytes | Exception] = {}

    def fields(self) -> Sequence[Field]:
        return ()

    def capabilities(self, line: Line) -> Capabilities:
        return Capabilities()

    def challenge(self, line: Line, request: Request) -> Answer | None:
        return Answer(content=dict(request.query).get("challenge", "")) if request.method == "GET" else None

    def verify(self, line: Line, request: Request) -> None:
        expected = sign(request.url, request.body, line.secrets["word"])
        if not hmac.compare_digest(expected, request.headers.get("x-signature", "")):
            raise NotVerifiedError

    def mark(self, request: Request) -> str:
        return request.headers.get("x-number", "")

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        told = request.json()
        return Parsed(
            arrived=tuple(_arrived(line, one) for one in told.get("messages", ())),
            reports=tuple(Report(**one) for one in told.get("reports", ())),
            edits=tuple(Edit(**one | {"at": datetime.fromisoformat(one["at"])}) for one in told.get("edits", ())),
            broken=tuple(told.get("broken", ())),
        )

    def answer(self, line: Line, request: Request, *, is_understood: bool) -> Answer:
        return Answer(content="ok" if is_understood else "kept")

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        found = self.remote[reference["id"]]
        if isinstance(found, Exception):
            raise found
        return FetchedFile(name="", content_type="", content=found)

    def check(self, line: Line) -> Iterable[Check]:
        return ()


def _arrived(line: Line, told: Mapping[str, Any]) -> Arrived:
    inbox = Inbox(pk=line.inbox_id, channel=line.channel)
    fields: dict[str, Any] = {
        "body": told.get("text", ""),
        "identity": claim(told.get("from", "4711"), kind="telegram"),
    }
    if "at" in told:
        fields["occurred_at"] = datetime.fromisoformat(told["at"])
    files = [
        FetchedFile(name=one["name"], content_type=one.get("type", ""), content=one["text"].encode())
        if "text" in one
        else RemoteFile(name=one["name"], content_type=one.get("type", ""), reference={"id": one["id"]})
        for one in told.get("files", ())
    ]
    said = contact(inbox, told["id"], thread_token=told.get("from", "4711"), **fields)
    return Arrived(
        contact=said,
        files=tuple(files),
        meta=told.get("meta", {}),
    )


def sign(url: str, body: bytes, word: str = SECRET) -> str:
    return hmac.digest(word.encode(), url.encode() + body, hashlib.sha256).hex()


def register(adapter: PretendAdapter) -> PretendAdapter:
    """For a process of its own; tests use the fixture of tests/interactions/doors/conftest.py."""
    registry.BY_KEY[adapter.channel.value, adapter.provider] = adapter  # type: ignore[index]
    return adapter


def pretend_line(name: str = "Pretend") -> Inbox:
    """A line of the pretend provider."""
    inbox = Inbox.objects.create(name=name, channel=Channel.TELEGRAM, provider="pretend")
    return keep_credentials(inbox_id=inbox.pk, credentials={"word": SECRET}, by=None)


def bring(inbox: Inbox, told: Any = None, *, raw: bytes | None = None, path: str = "", **headers: str) -> Any:
    """Bring one delivery as the provider does; the response."""
    body = raw if raw is not None else json.dumps(told).encode()
    address = f"{registry.webhook_url(inbox)}{path}"
    signed = {"x-signature": sign(address, body)} | {name.replace("_", "-"): value for name, value in headers.items()}
    local = "/" + address.split("/", 3)[3]
    return Client().post(local, body, content_type="application/json", headers=signed)
