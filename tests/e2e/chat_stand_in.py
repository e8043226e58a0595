"""The chat of a site without a centre behind it: a shop's page and the answers of the API, all made here.

For what has to be seen in the browser alone. The stories with a real centre are in tests/e2e/flows/test_chat.py.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import uuid4

from django.test import RequestFactory
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, WebSocketRoute, expect

from interactions.doors.chat.widget import widget
from tests.e2e.driving import listened

INBOX: Final = "0b6ff9b1-5e1c-4f5a-9d39-2a4a6bb4ac5e"
CENTRE: Final = "https://centre.test"
SHOP: Final = "https://shop.test"
POLICY: Final = (
    f"default-src 'none'; script-src {CENTRE}; connect-src {CENTRE} wss://centre.test; style-src 'self'; "
    "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'"
)
# A browser that was here before.
KNOWN: Final[Any] = {
    "origins": [{"origin": SHOP, "localStorage": [{"name": f"ccx-chat:{INBOX}:token", "value": '"a-token"'}]}]
}
# One red dot.
DOT: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
# What a shop's own styles may do to elements that are not theirs.
RUDE: Final = """
* { color: rgb(255, 0, 0) !important; font-family: cursive !important; letter-spacing: 9px; text-transform: uppercase; }
button, section, div { display: none !important; transform: rotate(9deg); }
ccx-chat, body > * { opacity: 0.2; position: static; filter: blur(4px); width: 300px; }
main { display: block !important; }
"""
NOW: Final = datetime.now(UTC).replace(second=0, microsecond=0)


@cache
def script() -> str:
    return widget(RequestFactory().get("/chat/widget.js")).content.decode()


@dataclass
class StandIn:
    """What the centre knows of one visitor, and what it was told; `page` is the shop's."""

    config: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    status: str = "idle"
    position: int | None = None
    agent: str = ""
    email: str = ""
    is_typing: bool = False
    read_up_to: int = 0
    shown_up_to: int = 0
    # Path -> the problem it answers with, as (status, detail).
    refuses: dict[str, tuple[int, str] | tuple[int, str, str]] = field(default_factory=dict)
    is_down: bool = False
    # Uploads are taken and never answered.
    holds_files: bool = False
    asked: list[tuple[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    sockets: list[WebSocketRoute] = field(default_factory=list)
    has_sockets: bool = True
    links: set[str] = field(default_factory=set)
    script_tag: str = f'<script src="{CENTRE}/chat/widget.js" data-inbox="{INBOX}" async></script>'
    html: str = "<h1>Lamps</h1><p>Three lamps, and a table to put them on.</p>"
    style: str = ""

    # ---- The browser.

    def context(self, browser: Browser, **options: Any) -> BrowserContext:
        context = browser.new_context(
            viewport={"width": options.pop("width", 1280), "height": options.pop("height", 800)},
            base_url=SHOP,
            reduced_motion=options.pop("motion", "reduce"),
            **options,
        )
        context.set_default_timeout(6_000)
        context.route(f"{SHOP}/**", self._shop)
        context.route(f"{CENTRE}/**", self._centre)
        context.route_web_socket("wss://centre.test/**", self._socket)
        return context

    def opened(self, browser: Browser, path: str = "/", **options: Any) -> Page:
        """The shop's page in a fresh profile, the chat in its corner."""
        page = listened(self.context(browser, **options))
        page.goto(path)
        page.locator(".launcher").wait_for()
        return page

    # ---- The centre.

    def says(self, body: str, *, by: str = "Mina Park", kind: str = "agent", minutes: float = 0, **more: Any) -> None:
        """Something is said in the chat, so many minutes from where it stands."""
        self.messages.append(
            {
                "id": more.pop("id", str(uuid4())),
                "seq": len(self.messages) + 1,
                "from": kind,
                "name": by,
                "body": body,
                "at": (NOW + timedelta(minutes=minutes)).isoformat(),
                "state": "sent",
                "files": [],
            }
            | more
        )

    def news(self) -> None:
        """Every socket is told to read again."""
        for socket in self.sockets:
            socket.send('{"type": "news"}')

    def told(self, path: str) -> list[Any]:
        """What was posted there."""
        return [body for asked, body in self.asked if asked == path]

    def state(self, after: int = 0) -> dict[str, Any]:
        return {
            "visitor": {"name": ""},
            "status": self.status,
            "position": self.position,
            "agent": {"name": self.agent} if self.agent else None,
            "typing": self.is_typing,
            "is_open": self._config["is_open"],
            "opens_at": self._config["opens_at"],
            "email": self.email,
            "messages": [said for said in self.messages if said["seq"] > after],
            "seq": len(self.messages),
            "read_up_to": self.read_up_to,
            "shown_up_to": self.shown_up_to,
        }

    @property
    def _config(self) -> dict[str, Any]:
        return {
            "title": "Fernwood",
            "intro": "",
            "accent": "#3b52cf",
            "position": "right",
            "language": "en",
            "languages": ["en", "de"],
            "is_open": True,
            "opens_at": None,
            "questions": [],
            "wants_email": "offline",
            "files": {"max_bytes": 1_000_000, "max": 3, "types": ["image/*", "application/pdf"]},
            "socket": f"wss://centre.test/ws/chat/{INBOX}" if self.has_sockets else "",
            "poll_seconds": 1,
        } | self.config

    def _shop(self, route: Route) -> None:
        if route.request.url.endswith("/style.css"):
            route.fulfill(body=self.style, content_type="text/css")
            return
        page = (
            f'<!doctype html><html lang="en"><head><title>Lamps</title><meta name="viewport" '
            f'content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/style.css">{self.script_tag}'
            f"</head><body><main>{self.html}</main></body></html>"
        )
        route.fulfill(body=page, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    def _centre(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(CENTRE)
        if path == "/chat/widget.js":
            headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
            route.fulfill(body=script(), content_type="text/javascript; charset=utf-8", headers=headers)
            return
        if self.is_down:
            route.abort("connectionrefused")
            return
        if self.holds_files and path.endswith("/files"):
            return
        status, said = self._answer(request, path.removeprefix(f"/chat/{INBOX}/"))
        headers = {"Access-Control-Allow-Origin": SHOP}
        if isinstance(said, bytes):
            route.fulfill(status=status, body=said, content_type="image/png", headers=headers)
        else:
            route.fulfill(status=status, body=json.dumps(said), content_type="application/json", headers=headers)

    def _answer(self, request: Request, path: str) -> tuple[int, Any]:
        if request.method == "GET":
            return self._read(path)
        body = None if path == "files" else json.loads(request.post_data or "{}")
        self.asked.append((path, body))
        if path in self.refuses:
            status, detail, *code = self.refuses[path]
            return status, {"status": status, "detail": detail, "code": "".join(code)}
        return getattr(self, f"_post_{path}")(body)

    def _read(self, path: str) -> tuple[int, Any]:
        if path == "config":
            return 200, self._config
        if found := re.fullmatch(r"state\?after=(\d+)", path):
            return 200, self.state(int(found[1]))
        return 200, self.files[path.partition("?")[0].removeprefix("files/")]

    def _post_sessions(self, body: Any) -> tuple[int, Any]:
        return 201, {"token": f"token-{len(self.asked)}", "state": self.state()}

    def _post_link(self, body: Any) -> tuple[int, Any]:
        if body["token"] not in self.links:
            return 410, {"status": 410, "detail": "The link is over."}
        self.links.remove(body["token"])
        return self._post_sessions(body)

    def _post_messages(self, body: Any) -> tuple[int, Any]:
        if not any(said["id"] == body["id"] for said in self.messages):
            self.says(body["body"], by="", kind="visitor", id=body["id"], minutes=len(self.messages) / 10)
            self.status = "waiting" if self.status in {"idle", "ended"} else self.status
        return 201, {"message": next(said for said in self.messages if said["id"] == body["id"])}

    def _post_files(self, body: Any) -> tuple[int, Any]:
        return 201, {"id": str(uuid4()), "name": "lamp.png", "type": "image/png", "size": 4321}

    def _post_email(self, body: Any) -> tuple[int, Any]:
        self.email = body["email"]
        return 200, {}

    def _post_end(self, body: Any) -> tuple[int, Any]:
        self.status, self.agent = "ended", ""
        return 200, {}

    def _post_shown(self, body: Any) -> tuple[int, Any]:
        self.shown_up_to = body["seq"]
        return 200, {}

    def _post_typing(self, body: Any) -> tuple[int, Any]:
        return 200, {}

    def _post_page(self, body: Any) -> tuple[int, Any]:
        return 200, {}

    def _post_offline(self, body: Any) -> tuple[int, Any]:
        return 201, {}

    def _socket(self, socket: WebSocketRoute) -> None:
        def hear(frame: str | bytes) -> None:
            said = json.loads(frame)
            self.asked.append(("socket", said))
            if not self.has_sockets:
                socket.close(code=1013)
            elif said["type"] == "hello":
                self.sockets.append(socket)
                socket.send('{"type": "ready"}')

        socket.on_message(hear)


def talked(centre: StandIn) -> StandIn:
    centre.status, centre.agent = "active", "Mina Park"
    centre.says("Where is my lamp? See https://shop.test/orders/7.", by="", kind="visitor", minutes=-9)
    centre.says("On its way.\nIt comes today.", minutes=-8)
    centre.shown_up_to = 2
    return centre


def open_chat(page: Page) -> None:
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def say(page: Page, words: str) -> None:
    page.get_by_label("Write a message").fill(words)
    page.keyboard.press("Enter")


def until(page: Page, look: Callable[[], bool]) -> None:
    """Wait for something here that the page brings about."""
    for _ in range(120):
        if look():
            return
        page.wait_for_timeout(50)
    raise AssertionError("Waited in vain.")
