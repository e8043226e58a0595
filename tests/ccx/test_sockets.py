"""Where the page finds its socket, and what the content policy must allow for it."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from ccx.asgi import application
from ccx.sockets import address, allowed_origins


@pytest.mark.parametrize(
    ("url", "port", "host", "told"),
    [
        ("", 0, "contact.example.org", "/ws/"),
        ("", 8001, "127.0.0.1:8000", "ws://127.0.0.1:8001/ws/"),
        ("", 8001, "localhost:8000", "ws://localhost:8001/ws/"),
        ("", 8001, "[::1]:8000", "ws://[::1]:8001/ws/"),
        ("", 8001, "localhost", "ws://localhost:8001/ws/"),
        ("wss://live.example.org/ws/", 0, "contact.example.org", "wss://live.example.org/ws/"),
    ],
)
def test_the_page_is_told_the_sockets_address(
    rf: RequestFactory, settings: Settings, url: str, port: int, host: str, told: str
) -> None:
    settings.SOCKETS_URL, settings.SOCKETS_PORT, settings.ALLOWED_HOSTS = url, port, ["*"]
    assert address(rf.get("/", headers={"host": host})) == {"sockets_url": told}


def test_the_content_policy_names_the_sockets_port_of_every_host() -> None:
    found = allowed_origins(url="", port=8001, hosts=["127.0.0.1", "*.example.org", "[::1]"])
    assert found == ["ws://127.0.0.1:8001", "wss://127.0.0.1:8001"]
    assert allowed_origins(url="wss://live.example.org/ws/", port=0, hosts=[]) == ["wss://live.example.org"]
    assert allowed_origins(url="", port=0, hosts=["a"]) == []


def answer_to(path: str, origin: bytes) -> dict[str, Any]:
    """The first thing the socket process says to a handshake."""
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"origin", origin), (b"host", b"testserver")],
        "subprotocols": [],
    }

    async def attempt() -> dict[str, Any]:
        socket = ApplicationCommunicator(application, scope)
        await socket.send_input({"type": "websocket.connect"})
        said: dict[str, Any] = await socket.receive_output(timeout=5)
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        return said

    return async_to_sync(attempt)()


# Turned away before anything is read; but connections that other tests left are looked at as a socket ends.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", [b"https://evil.example", b"null"])
def test_a_foreign_origin_is_refused(origin: bytes) -> None:
    assert answer_to("/ws/anything", origin)["type"] == "websocket.close"


@pytest.mark.django_db(transaction=True)
def test_an_address_that_is_nobodys_is_closed_without_a_traceback() -> None:
    said = answer_to("/ws/anything", b"http://127.0.0.1:8000")
    assert (said["type"], said["code"]) == ("websocket.close", 4404)
