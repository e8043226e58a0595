"""Files of strangers: what they are by their content, what they may be called, and how they are handed out.

A file is never what its name or its sender says. Whatever is in it runs nowhere: it is handed over to be saved, and
only pictures of four well-known kinds, of a size that a browser can bear, are shown.
"""

import re
import struct
import unicodedata
from typing import Final

from django.http import HttpResponse
from django.utils.http import content_disposition_header

UNKNOWN: Final = "application/octet-stream"
IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MAX_PIXELS: Final = 40_000_000
ENOUGH: Final = 4096
LONGEST_NAME: Final = 150
MAGIC: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftyp", "video/mp4"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
)
# What a sender may say more exactly than the content does: what it says -> what the content then has to be.
FINER: Final = {
    "application/zip": re.compile(r"application/(?:vnd\.openxmlformats-[\w.-]+|vnd\.oasis\.[\w.-]+|epub\+zip)"),
    "application/x-ole-storage": re.compile(r"application/(?:msword|vnd\.ms-[\w.-]+)"),
    "audio/ogg": re.compile(r"(?:audio|video)/(?:ogg|opus)"),
    "video/mp4": re.compile(r"(?:audio/(?:mp4|aac|x-m4a)|video/(?:mp4|quicktime|3gpp)|image/(?:heic|heif|avif))"),
    "video/webm": re.compile(r"(?:audio|video)/(?:webm|x-matroska)"),
}
TEXTS: Final = re.compile(r"(?:text/(?:plain|csv|calendar|vcard|x-vcard)|application/json|message/rfc822)")
ACTIVE: Final = re.compile(rb"<\s*(?:!doctype|html|script|svg|\?xml|body|head|iframe)", re.IGNORECASE)
MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
# Direction marks, zero widths, control characters and line ends make a name look like another one.
DECEPTIVE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def kind_of(content: bytes, told: str = "") -> str:
    """The media type by the content. What the sender `told` counts only where it says more of the same."""
    said = told.partition(";")[0].strip().lower()
    said = said if MEDIA_TYPE.fullmatch(said) else ""
    for offset, magic, kind in MAGIC:
        if content.startswith(magic, offset):
            return said if kind in FINER and FINER[kind].fullmatch(said) else kind
    if b"\x00" in content[:ENOUGH]:
        return UNKNOWN
    if ACTIVE.search(content[:ENOUGH]):
        return "text/html" if b"<svg" not in content[:ENOUGH].lower() else "image/svg+xml"
    try:
        content[:ENOUGH].decode()
    except UnicodeDecodeError as error:
        if error.start < min(len(content), ENOUGH) - 4:
            return UNKNOWN
    return said if TEXTS.fullmatch(said) else "text/plain"


def safe_name(name: str) -> str:
    """What a file may be called on anybody's disk and in a header; the rest of a name is its sender's."""
    text = DECEPTIVE.sub("", unicodedata.normalize("NFC", "".join(c for c in name if not 0xD800 <= ord(c) < 0xE000)))
    text = FORBIDDEN.sub("_", re.split(r"[/\\]", text)[-1])
    text = " ".join(text.split()).strip(" .").lstrip("-~. ")
    if not text:
        return "file"
    if DEVICE.match(text):
        text = f"_{text}"
    stem, dot, ending = text.rpartition(".")
    if not dot or len(ending) > 10:
        return text[:LONGEST_NAME].rstrip(" .") or "file"
    return f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip(' .')}.{ending}"


def is_showable(content: bytes) -> bool:
    """A picture that may be shown in a page: of a safe kind, and no larger unfolded than a browser can bear."""
    kind = kind_of(content)
    if kind not in IMAGES:
        return False
    size = _size(kind, content)
    return size is not None and 0 < size[0] * size[1] <= MAX_PIXELS


def file_response(*, content: bytes, name: str, is_inline: bool = False) -> HttpResponse:
    """Hand a file out. `is_inline` is granted to pictures that may be shown, and to nothing else."""
    shows = is_inline and is_showable(content)
    response = HttpResponse(content, content_type=kind_of(content) if shows else UNKNOWN)
    told = content_disposition_header(as_attachment=not shows, filename=safe_name(name))
    response["Content-Disposition"] = told or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _size(kind: str, content: bytes) -> tuple[int, int] | None:
    """Width and height as the picture's head says them, or None."""
    try:
        if kind == "image/png":
            return struct.unpack(">II", content[16:24])
        if kind == "image/gif":
            return struct.unpack("<HH", content[6:10])
        if kind == "image/webp":
            return _webp_size(content)
        return _jpeg_size(content)
    except (struct.error, IndexError):
        return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    form, data = content[12:16], content[20:]
    if form == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if form == b"VP8L":
        bits = struct.unpack("<I", data[1:5])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 9 < len(content):
        if content[place] != 0xFF:
            return None
        mark = content[place + 1]
        if mark in JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        if mark == 0xFF:
            place += 1
        elif mark == 0x01 or 0xD0 <= mark <= 0xD8:
            place += 2
        else:
            place += 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]
    return None
