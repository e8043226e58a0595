"""Headers and parts of a mail, read within bounds: whoever wrote it decides nothing about our time and memory.

The parser of the standard library takes seconds for twenty thousand parameters or encoded words and ends in a
RecursionError for two thousand nested parts; so only the headers we use are read, each cut before anything looks into
it, and parts are split here.
"""

import binascii
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from typing import Final

from interactions.channels.email.errors import MailIsUnreadableError

MAX_HEAD: Final = 1_000_000  # how far we look for headers
MAX_HEADERS: Final = 16_384  # of the headers we keep, all together but those of PART_HEADERS
MAX_HEADER: Final = 4_000
MAX_PART_HEADER: Final = 2_000
MAX_REPEATED: Final = 3
MAX_DEPTH: Final = 20
MAX_PARTS: Final = 1_000
MAX_BOUNDARIES: Final = 20_000
PART_HEADERS: Final = frozenset({"content-type", "content-disposition", "content-transfer-encoding", "content-id"})
BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NOT_BASE64: Final = bytes(set(range(256)) - set(BASE64))
EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+_-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,60}")
# Codecs that are no charset of a mail: slow, or a language of their own.
NO_CHARSETS: Final = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})

Headers = Mapping[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part: either further parts, or a body as it was encoded."""

    content_type: str
    charset: str = ""
    name: str = ""
    content_id: str = ""
    is_attachment: bool = False
    encoding: str = ""
    body: bytes = b""
    children: tuple["Part", ...] = ()

    @property
    def content(self) -> bytes:
        """The body as it was before it was encoded for the way."""
        if self.encoding == "base64":
            return _from_base64(self.body)
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        return self.body

    @property
    def text(self) -> str:
        """The body as text, whatever its charset claims to be."""
        return decoded(self.content, self.charset)


@dataclass
class Budget:
    """How many parts may still be read; the rest is counted."""

    parts: int = MAX_PARTS
    left_out: int = 0


def split_head(raw: bytes) -> tuple[bytes, bytes]:
    """Headers and body, at the first empty line."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw.lstrip(b"\r\n")
    ends = EMPTY_LINE.search(raw)
    return (raw[: ends.start()], raw[ends.end() :]) if ends else (raw, b"")


def read_headers(head: bytes, wanted: Iterable[str], *, longest: int = MAX_HEADER) -> dict[str, list[str]]:
    """The wanted headers (lower-case names), unfolded and cut, and all together cut to MAX_HEADERS."""
    names, left = frozenset(wanted), MAX_HEADERS
    found: dict[str, list[bytearray]] = {}
    current: bytearray | None = None
    name = ""
    for line in head[:MAX_HEAD].split(b"\n"):
        told = line.rstrip(b"\r")
        if told[:1] not in {b" ", b"\t"}:
            name, told, current = *_name_and_value(told), None
            if name in names and len(found.get(name, ())) < MAX_REPEATED:
                current = bytearray()
                found.setdefault(name, []).append(current)
        if current is not None:
            # What says how to read the rest is never starved by what merely is long.
            room = longest if name in PART_HEADERS else min(longest, len(current) + left)
            taken = told[: max(0, room - len(current))]
            current += taken
            left -= 0 if name in PART_HEADERS else len(taken)
    return {name: [plain(bytes(value)) for value in values] for name, values in found.items()}


def read_part(headers: Headers, body: bytes, *, budget: Budget, depth: int = 0) -> Part:
    """A part and those inside it. Raises MailIsUnreadableError when they are nested too deep."""
    if depth > MAX_DEPTH:
        raise MailIsUnreadableError("parts within parts, too deep")
    described = _described(headers)
    content_type = described.get_content_type()
    if content_type.startswith("multipart/"):
        boundary = described.get_boundary() or ""
        bodies = _split(body, boundary.encode("utf-8", "surrogateescape")) if boundary.strip() else []
        if bodies:
            return Part(content_type=content_type, children=_children(bodies, budget, depth))
        content_type = "text/plain"
    disposition = (described.get("Content-Disposition") or "").partition(";")[0].strip().lower()
    return Part(
        content_type=content_type if MEDIA_TYPE.fullmatch(content_type) else "application/octet-stream",
        charset=str(described.get_param("charset") or ""),
        name=unfolded(described.get_filename() or ""),
        content_id=(headers.get("content-id") or [""])[0].strip().strip("<>")[:250],
        is_attachment=disposition == "attachment",
        encoding=(headers.get("content-transfer-encoding") or [""])[0].strip().lower(),
        body=body,
    )


def _children(bodies: list[bytes], budget: Budget, depth: int) -> tuple[Part, ...]:
    children = []
    for body in bodies:
        if budget.parts <= 0:
            budget.left_out += 1
            continue
        budget.parts -= 1
        head, rest = split_head(body)
        headers = read_headers(head, PART_HEADERS, longest=MAX_PART_HEADER)
        children.append(read_part(headers, rest, budget=budget, depth=depth + 1))
    return tuple(children)


def decoded(raw: bytes, charset: str) -> str:
    """Text of these bytes: by their charset if it is one, else as the likeliest; what makes no sense becomes U+FFFD."""
    named = charset.strip().strip("\"'").lower()
    for name in dict.fromkeys([named, "utf-8", "cp1252"]):
        if not name or name.replace("-", "_") in NO_CHARSETS:
            continue
        try:
            return raw.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return raw.decode("utf-8", "replace")


def plain(raw: bytes) -> str:
    """A header's bytes as text: ASCII by rule, UTF-8 or Latin-1 in life."""
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def unfolded(value: str) -> str:
    """A header's words: encoded ones decoded, white space as one blank each, no control characters."""
    if "=?" in value:
        with suppress(HeaderParseError, ValueError):  # else shown as it was written
            value = "".join(
                word if isinstance(word, str) else decoded(word, charset or "ascii")
                for word, charset in decode_header(value)
            )
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


def _name_and_value(line: bytes) -> tuple[str, bytes]:
    name, colon, value = line.partition(b":")
    return (name.strip().lower().decode("ascii", "replace") if colon else ""), value


def _described(headers: Headers) -> Message:
    """The standard library's reading of the few headers that have parameters; they have been cut before."""
    described = Message()
    for name in ("Content-Type", "Content-Disposition"):
        if values := headers.get(name.lower()):
            described[name] = values[0]
    try:
        described.get_boundary()
        described.get_filename()
        described.get_param("charset")
    except (ValueError, LookupError, TypeError, AttributeError):
        described = Message()
        described["Content-Type"] = "application/octet-stream"
    return described


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    """The bodies between the lines of a boundary; what stands before the first and after the last is no part."""
    text, marker = b"\n" + body, b"\n--" + boundary
    parts: list[bytes] = []
    start, at = -1, text.find(marker)
    while at >= 0 and len(parts) < MAX_BOUNDARIES:
        line_end = text.find(b"\n", at + 1)
        end = line_end if line_end >= 0 else len(text)
        rest = text[at + len(marker) : end].strip()
        if rest in {b"", b"--"}:
            if start >= 0:
                parts.append(text[start:at].removesuffix(b"\r"))
            if rest:
                return parts
            start = end + 1
        at = text.find(marker, end)
    if start >= 0 and text[start:].strip():
        parts.append(text[start:])  # the closing line was lost on the way
    return parts


def _from_base64(body: bytes) -> bytes:
    clean = body.translate(None, NOT_BASE64)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
