"""The one way out over HTTP, for whatever calls an address that somebody configured or a stranger sent.

It connects to public addresses only, and judges the address it connects to, not the name: a name that changes its
mind between a look and the call changes nothing. It follows no redirect, knows no proxy, reads no more than it was
told to, and gives up after one deadline over everything, however slowly the other side speaks. What a machine of
one's own may be reached at stands in CCX_EGRESS_ALLOW, as host:port.

How a call ended is one of the three of ccx/kernel/events/effects.py; `ask` says which.
"""

import ipaddress
import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ssl import SSLContext
from typing import Any, Final

import httpcore
import httpx
from django.conf import settings
from django.utils import timezone

from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    RefusedEffectError,
    TemporaryEffectError,
)

PORTS: Final = frozenset({80, 443, 8080, 8443})
MAX_BYTES: Final = 1024 * 1024
LONGEST_WAIT: Final = 6 * 3600.0
# Addresses of IPv6 that stand for one of IPv4, which is then the one to judge.
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
UNICAST: Final = ipaddress.ip_network("2000::/3")
TUNNELS: Final = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))
RELAYS: Final = ipaddress.ip_network("192.88.99.0/24")
INNER_NAMES: Final = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa")


class AddressIsRefusedError(RefusedEffectError):
    """An address that is not for us to call: inside the house, or of another protocol."""


class TooLargeError(httpx.TransportError):
    """The answer is larger than what was allowed."""


@contextmanager
def client(
    *, timeout: float = 10.0, max_bytes: int = MAX_BYTES, cuts: bool = False, headers: dict[str, str] | None = None
) -> Iterator[httpx.Client]:
    """A client that can reach nothing inside the house. `timeout` is for a whole call: name, TLS, answer.

    An answer above `max_bytes` raises TooLargeError; with `cuts` its beginning is taken for the whole.
    """
    watch = _Watch(timeout)
    transport = _Transport(watch, max_bytes=max_bytes, cuts=cuts)
    sent = {"user-agent": "CCX", "accept-encoding": "identity", **(headers or {})}
    with httpx.Client(
        transport=transport, timeout=timeout, follow_redirects=False, trust_env=False, headers=sent
    ) as opened:
        yield opened


def ask(
    method: str,
    url: str,
    *,
    is_idempotent: bool = False,
    timeout: float = 10.0,
    max_bytes: int = MAX_BYTES,
    cuts: bool = False,
    **request: Any,
) -> httpx.Response:
    """One call, judged: the answer where it is a success, else one of the errors of `judge` and `judged`."""
    with client(timeout=timeout, max_bytes=max_bytes, cuts=cuts) as opened, judged(is_idempotent=is_idempotent):
        return judge(opened.request(method, url, **request), is_idempotent=is_idempotent)


@contextmanager
def judged(*, is_idempotent: bool = False) -> Iterator[None]:
    """Say of a call that broke whether anything was sent. `is_idempotent`: asking twice is asking once."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise AddressIsRefusedError(_told(error)) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TemporaryEffectError(_told(error)) from error
    except TooLargeError as error:
        raise (RefusedEffectError if is_idempotent else OutcomeIsUnknownError)(_told(error)) from error
    except httpx.HTTPError as error:
        raise (TemporaryEffectError if is_idempotent else OutcomeIsUnknownError)(_told(error)) from error


def judge(response: httpx.Response, *, is_idempotent: bool = False) -> httpx.Response:
    """The answer itself where it is a success. Every error bears the answer as `response`."""
    status = response.status_code
    if response.is_success:
        return response
    told = f"{status} {response.reason_phrase}".strip()[:100]
    error: Exception
    if status in {408, 425, 429, 503}:
        error = TemporaryEffectError(told, retry_after=retry_after(response))
    elif status == 401:
        error = CredentialsRefusedError(told)
    elif status < 500:
        error = RefusedEffectError(told)
    elif is_idempotent:
        error = TemporaryEffectError(told, retry_after=retry_after(response))
    else:
        error = OutcomeIsUnknownError(told)
    error.response = response  # type: ignore[union-attr]
    raise error


def retry_after(response: httpx.Response) -> float | None:
    """How many seconds the other side wants to be left alone, as Retry-After says it: seconds or a date."""
    told = response.headers.get("retry-after", "").strip()
    try:
        if told.isascii() and told.isdigit():
            seconds = float(told[:9])
        else:
            seconds = (parsedate_to_datetime(told) - timezone.now()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def vet(url: str) -> None:
    """Refuse an address before it is kept. The call judges again, by then for what the name stands for then.

    Raises AddressIsRefusedError. A name that cannot be resolved now is let through: it may be later.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressIsRefusedError("this is no address") from error
    _vet_shape(parsed)
    try:
        found = _resolve(parsed.host, _port(parsed), time.monotonic() + 5)
    except (httpcore.ConnectError, httpcore.ConnectTimeout):
        return
    _vet_numbers(found, parsed.host, _port(parsed))


def is_public(address: str) -> bool:
    """Whether a numeric address is out on the internet, for sure."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        if number in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)))
        if number.ipv4_mapped is not None:
            return is_public(str(number.ipv4_mapped))
        return number in UNICAST and number.is_global and not any(number in tunnel for tunnel in TUNNELS)
    return number.is_global and not number.is_multicast and not number.is_reserved and number not in RELAYS


def _is_allowed(host: str, port: int) -> bool:
    return f"{host.lower()}:{port}" in settings.CCX_EGRESS_ALLOW


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _vet_shape(url: httpx.URL) -> None:
    if url.scheme not in {"http", "https"} or not url.host:
        raise AddressIsRefusedError("only http and https are spoken")
    if _is_allowed(url.host, _port(url)):
        return
    if url.userinfo:
        raise AddressIsRefusedError("an address names no user")
    if _port(url) not in PORTS:
        raise AddressIsRefusedError("not a port of the web")
    name = url.host.lower().rstrip(".")
    if name == INNER_NAMES[0] or name.endswith(INNER_NAMES[1:]):
        raise AddressIsRefusedError("not a public address")


def _vet_numbers(found: Iterable[str], host: str, port: int) -> None:
    if not _is_allowed(host, port) and not all(map(is_public, found)):
        raise AddressIsRefusedError("not a public address")


class _Watch:
    """What is left of a call's time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ends_at = time.monotonic() + seconds

    def start(self) -> None:
        self.ends_at = time.monotonic() + self.seconds

    def left(self, over: type[Exception]) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise over("it took too long")
        return left


class _Stream(httpcore.NetworkStream):
    """A connection whose every read and write ends with the call's time."""

    def __init__(self, inner: httpcore.NetworkStream, watch: _Watch) -> None:
        self._inner, self._watch = inner, watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._watch.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._watch.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._watch.left(httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Resolves a name once, judges what it stands for, and connects to exactly that."""

    def __init__(self, watch: _Watch) -> None:
        self._inner, self._watch = httpcore.SyncBackend(), watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = _resolve(host, port, self._watch.ends_at)
        _vet_numbers(found, host, port)
        for number, address in enumerate(found, start=1):
            left = self._watch.left(httpcore.ConnectTimeout) / (len(found) - number + 1)
            try:
                return _Stream(self._inner.connect_tcp(address, port, left, local_address, socket_options), self._watch)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(found):
                    raise
        raise httpcore.ConnectError("the name stands for no address")


class _Transport(httpx.BaseTransport):
    """httpx's own over the guarded backend; the whole answer is read here, up to the limit."""

    def __init__(self, watch: _Watch, *, max_bytes: int, cuts: bool) -> None:
        self._watch, self._max_bytes, self._cuts = watch, max_bytes, cuts
        self._inner = httpx.HTTPTransport(verify=_trust(), trust_env=False)
        # httpx has no parameter for it.
        self._inner._pool = httpcore.ConnectionPool(ssl_context=_trust(), network_backend=_Backend(watch))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _vet_shape(request.url)
        self._watch.start()
        response = self._inner.handle_request(request)
        try:
            content, is_cut = self._content(response)
        finally:
            response.close()
        if is_cut and not self._cuts:
            raise TooLargeError(f"the answer is larger than {self._max_bytes} bytes")
        dropped = {"content-encoding", "content-length", "transfer-encoding"}
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in dropped]
        return httpx.Response(response.status_code, headers=headers, content=content, request=request)

    def _content(self, response: httpx.Response) -> tuple[bytes, bool]:
        """The body, unpacked, and whether it goes on beyond the limit. Nothing grows past the limit on the way."""
        coding = response.headers.get("content-encoding", "identity").lower()
        if coding not in {"identity", "", "gzip", "deflate"}:
            raise httpx.DecodingError("a coding that was not asked for")
        unpack = None if coding in {"identity", ""} else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        found = bytearray()
        for piece in response.stream:  # type: ignore[union-attr]
            room = self._max_bytes + 1 - len(found)
            try:
                found += piece[:room] if unpack is None else unpack.decompress(piece, room)
            except zlib.error as error:
                raise httpx.DecodingError("it cannot be unpacked") from error
            if len(found) > self._max_bytes:
                return bytes(found[: self._max_bytes]), True
        return bytes(found), False

    def close(self) -> None:
        self._inner.close()


@lru_cache(maxsize=1)
def _trust() -> SSLContext:
    return httpx.create_ssl_context()


def _resolve(host: str, port: int, ends_at: float) -> list[str]:
    """The numbers of a name, within the time: a resolver that hangs is left behind in its thread."""
    found: list[str] = []
    trouble: list[OSError] = []

    def look() -> None:
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            trouble.append(OSError(str(error)))
        else:
            found.extend(dict.fromkeys(str(one[4][0]) for one in told))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(max(0.0, ends_at - time.monotonic()))
    if thread.is_alive():
        raise httpcore.ConnectTimeout("the name was not resolved in time")
    if trouble or not found:
        raise httpcore.ConnectError(str(trouble[0])[:100] if trouble else "the name stands for nothing")
    return found


def _told(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
