"""A visitor's browser, as the chat's door sees it."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from interactions.channels.services import keep_credentials
from interactions.doors.chat.tokens import SiteUser, signature_of
from interactions.doors.models import ChatVisitor
from interactions.models import Inbox

SHOP = "https://shop.example"
SECRET = "a secret of forty characters, none fewer"


def open_line(inbox: Inbox, **settings: Any) -> Inbox:
    """The line, with a shop that may show it and that can sign its users."""
    inbox.settings = {"origins": [SHOP]} | settings
    inbox.save(update_fields=["settings"])
    return keep_credentials(inbox_id=inbox.pk, credentials={"identity_secret": SECRET}, by=None)


def signed(inbox: Inbox, id: str = "42", email: str = "ann@example.test", **changes: Any) -> dict[str, Any]:
    """What the shop says of its user, under its seal; `changes` are made after it was signed."""
    expires = int(time.time()) + 600
    user = SiteUser(id=id, email=email)
    seal = signature_of(user, expires=expires, inbox=inbox.public_id, secret=SECRET)
    return {"id": id, "email": email, "name": "Ann", "expires": expires, "signature": seal} | changes


@dataclass
class Visitor:
    """One browser on the shop's pages."""

    inbox: Inbox
    origin: str = SHOP
    token: str = ""
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def ask(self, path: str, body: Any = None, *, method: str = "", **headers: str) -> Any:
        """The answer to one request; with a body it is a POST."""
        sent = {"origin": self.origin} if self.origin else {}
        sent |= {"authorization": f"Bearer {self.token}"} if self.token else {}
        address = f"/chat/{self.inbox.public_id}/{path}"
        if body is None:
            return self.client.generic(method or "GET", address, headers=sent | headers)
        return self.client.post(address, body, content_type="application/json", headers=sent | headers)

    def begin(self, **said: Any) -> dict[str, Any]:
        """A session; the token is kept."""
        answer = self.ask("sessions", said)
        assert answer.status_code == 201, answer.content
        self.token = answer.json()["token"]
        state: dict[str, Any] = answer.json()["state"]
        return state

    def say(self, body: str = "Where is my lamp?", **more: Any) -> Any:
        return self.ask("messages", {"id": str(uuid4()), "body": body} | more)

    def upload(self, content: bytes, name: str = "lamp.png", kind: str = "image/png") -> Any:
        headers = {"origin": self.origin, "authorization": f"Bearer {self.token}"}
        address = f"/chat/{self.inbox.public_id}/files"
        return self.client.post(address, {"file": SimpleUploadedFile(name, content, kind)}, headers=headers)

    def state(self, after: int = 0) -> dict[str, Any]:
        answer = self.ask(f"state?after={after}")
        assert answer.status_code == 200, answer.content
        state: dict[str, Any] = answer.json()
        return state

    @property
    def row(self) -> ChatVisitor:
        return ChatVisitor.objects.get(public_id=self.state()["visitor"]["id"])
