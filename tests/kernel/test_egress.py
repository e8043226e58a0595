"""The one way out over HTTP: where it does not go, how long it waits, how much it reads, and how a call ended."""

import gzip
import socket
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import LazySettings

from ccx.embedded.ports import a_free_port
from ccx.kernel import egress
from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    RefusedEffectError,
    TemporaryEffectError,
)
from tests.factories.webservers import Heard, Said, raw_server, stand_in

INSIDE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[::]/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://192.0.0.1/",
    "http://198.18.0.1/",
    "http://192.88.99.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://a@10.0.0.1/",
    "http://example.com@10.0.0.1/",
    "http://user:word@203.0.114.1/",
    "http://8.8.8.8:22/",
    "http://8.8.8.8:25/",
    "http://8.8.8.8:6379/",
    "file:///etc/passwd",
    "gopher://8.8.8.8:6379/_x",
    "ftp://8.8.8.8/",
    "//8.8.8.8/",
    "8.8.8.8",
    "http://",
    "",
]


@pytest.mark.parametrize("url", INSIDE)
def test_what_is_inside_the_house_is_refused_when_it_is_kept(url: str) -> None:
    with pytest.raises(egress.AddressIsRefusedError):
        egress.vet(url)


@pytest.mark.parametrize("url", INSIDE)
def test_what_is_inside_the_house_is_refused_at_each_call(url: str) -> None:
    with pytest.raises(RefusedEffectError):
        egress.ask("GET", url)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_public_is_public(address: str) -> None:
    assert egress.is_public(address)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """The next looks at any name give these, one after the other, the last one for good."""
    asked: list[str] = []

    def look(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        number = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return asked


def test_a_name_that_turns_inward_after_it_was_kept_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, "8.8.8.8", "127.0.0.1")
    egress.vet("http://turns.example.com/")
    with pytest.raises(egress.AddressIsRefusedError):
        egress.ask("GET", "http://turns.example.com/")
    assert asked == ["turns.example.com"] * 2


def test_a_call_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public at the look, private at any second look: there is no second look."""
    asked = resolving(monkeypatch, "8.8.8.8", "127.0.0.1")
    connected: list[str] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(TemporaryEffectError):
        egress.ask("GET", "http://turns.example.com/")
    assert (asked, connected) == (["turns.example.com"], ["8.8.8.8"])


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 80)) for number in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    with pytest.raises(egress.AddressIsRefusedError):
        egress.ask("GET", "http://both.example.com/")


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with stand_in(Said(302, headers={"location": "http://127.0.0.1:1/"})) as server:
        with pytest.raises(RefusedEffectError):
            egress.ask("POST", f"{server.url}/hook", content=b"x")
        assert [heard.path for heard in server.heard] == ["/hook"]


def test_the_host_and_the_words_arrive_and_no_proxy_of_the_machine_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    def answer(heard: Heard) -> Said:
        return Said(201, heard.body, {"x-seen": heard.headers["host"]})

    with stand_in(answer) as server:
        told = egress.ask("POST", f"{server.url}/a", content="Grüße".encode())
        assert (told.status_code, told.text) == (201, "Grüße")
        assert told.headers["x-seen"] == f"127.0.0.1:{server.port}"


def test_only_the_machine_that_is_allowed_may_be_called(settings: LazySettings) -> None:
    with stand_in() as server:
        settings.CCX_EGRESS_ALLOW = [f"127.0.0.1:{server.port + 1}"]
        with pytest.raises(egress.AddressIsRefusedError):
            egress.ask("GET", server.url)
        assert server.heard == []


def drip(connection: socket.socket) -> None:
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + b"x" * 500:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def say_nothing(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(3)


@pytest.mark.parametrize(("behave", "scheme"), [(drip, "http"), (say_nothing, "http"), (say_nothing, "https")])
def test_one_deadline_stands_over_the_whole_call(behave: Any, scheme: str) -> None:
    """A byte at a time, nothing at all, and TLS that never comes about."""
    with raw_server(behave) as port:
        started = time.monotonic()
        with pytest.raises((OutcomeIsUnknownError, TemporaryEffectError)):
            egress.ask("POST", f"{scheme}://127.0.0.1:{port}/", content=b"x", timeout=0.4)
        assert time.monotonic() - started < 2


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: time.sleep(2) or [])
    started = time.monotonic()
    with pytest.raises(TemporaryEffectError):
        egress.ask("GET", "http://slow.example.com/", timeout=0.2)
    assert time.monotonic() - started < 1


def endless(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def test_an_endless_answer_is_read_up_to_the_limit() -> None:
    with raw_server(endless) as port:
        url = f"http://127.0.0.1:{port}/"
        assert len(egress.ask("GET", url, max_bytes=65536, cuts=True).content) == 65536
        with pytest.raises(RefusedEffectError):
            egress.ask("GET", url, max_bytes=65536, is_idempotent=True)
        # It was sent, and nobody can read what became of it.
        with pytest.raises(OutcomeIsUnknownError):
            egress.ask("POST", url, max_bytes=65536, content=b"x")


def test_a_bomb_does_not_unfold() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with stand_in(Said(200, bomb, {"content-encoding": "gzip"})) as server, pytest.raises(RefusedEffectError):
        egress.ask("GET", server.url, max_bytes=100_000, is_idempotent=True)
    with stand_in(Said(200, gzip.compress(b"fine"), {"content-encoding": "gzip"})) as server:
        assert egress.ask("GET", server.url).text == "fine"


@pytest.mark.parametrize(
    ("said", "error", "when_idempotent"),
    [
        (Said(400), RefusedEffectError, RefusedEffectError),
        (Said(401), CredentialsRefusedError, CredentialsRefusedError),
        (Said(404), RefusedEffectError, RefusedEffectError),
        (Said(429, headers={"retry-after": "7"}), TemporaryEffectError, TemporaryEffectError),
        (Said(503, headers={"retry-after": "7"}), TemporaryEffectError, TemporaryEffectError),
        (Said(500), OutcomeIsUnknownError, TemporaryEffectError),
        (Said(502), OutcomeIsUnknownError, TemporaryEffectError),
    ],
    ids=str,
)
def test_the_answer_says_what_became_of_it(
    said: Said, error: type[Exception], when_idempotent: type[Exception]
) -> None:
    with stand_in(said) as server:
        with pytest.raises(error) as caught:
            egress.ask("POST", server.url, content=b"x")
        with pytest.raises(when_idempotent):
            egress.ask("POST", server.url, content=b"x", is_idempotent=True)
    assert caught.value.response.status_code == said.status  # type: ignore[attr-defined]
    if said.headers:
        assert caught.value.retry_after == 7  # type: ignore[attr-defined]


def hang_up(connection: socket.socket) -> None:
    connection.recv(65536)


def test_a_line_that_breaks_before_is_temporary_and_after_it_nobody_knows() -> None:
    with raw_server(hang_up) as port, pytest.raises(OutcomeIsUnknownError):
        egress.ask("POST", f"http://127.0.0.1:{port}/", content=b"x")
    with raw_server(hang_up) as port, pytest.raises(TemporaryEffectError):
        egress.ask("POST", f"http://127.0.0.1:{port}/", content=b"x", is_idempotent=True)


def test_nobody_there_is_temporary(settings: LazySettings) -> None:
    port = a_free_port()
    settings.CCX_EGRESS_ALLOW = [f"127.0.0.1:{port}"]
    with pytest.raises(TemporaryEffectError):
        egress.ask("POST", f"http://127.0.0.1:{port}/", content=b"x")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("30", 30), ("-1", None), ("soon", None), ("9" * 30, egress.LONGEST_WAIT), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_the_wait_that_is_asked_for_is_kept_within_reason(told: str, seconds: float | None) -> None:
    with stand_in(Said(429, headers={"retry-after": told})) as server, pytest.raises(TemporaryEffectError) as caught:
        egress.ask("POST", server.url, content=b"x")
    assert caught.value.retry_after == seconds


def test_a_certificate_that_is_over_ends_the_call_before_a_word_is_said(tmp_path: Path) -> None:
    heard: list[bytes] = []
    context = expired_certificate(tmp_path)

    def behave(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as sealed:
            heard.append(sealed.recv(100))

    with raw_server(behave) as port, pytest.raises(TemporaryEffectError, match="CERTIFICATE"):
        egress.ask("POST", f"https://127.0.0.1:{port}/", content=b"x")
    assert heard in ([], [b""])


def expired_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = (
        built.serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
    )
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
