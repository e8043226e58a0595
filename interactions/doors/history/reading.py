"""Reading a file of any size row by row: gzip or plain, any delimiter, any of the usual encodings."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, ClassVar, Final, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.errors import DomainError

MAX_CELL: Final = 1_000_000
MAX_LINE: Final = 16_000_000
MAX_UNPACKED: Final = 16 << 30
SNIFF_BYTES: Final = 65_536
DELIMITERS: Final = "\t,;|"
REPLACED: Final = "\ufffd"
# How files begin that people take for tables of text.
OTHER_KINDS: Final = {
    b"PK\x03\x04": gettext_lazy("a spreadsheet or a zip archive"),
    b"\xd0\xcf\x11\xe0": gettext_lazy("an old spreadsheet"),
    b"%PDF": gettext_lazy("a PDF"),
    b"\x28\xb5\x2f\xfd": gettext_lazy("packed with zstandard"),
    b"BZh": gettext_lazy("packed with bzip2"),
    b"\xfd7zXZ": gettext_lazy("packed with xz"),
}


class UnreadableFileError(DomainError):
    """The file cannot be read as a table."""

    code: ClassVar[str] = "file_unreadable"
    status: ClassVar[int] = 400


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its line number in the file; `cells` by column name.

    With a `problem` it cannot be taken; with a `doubt` it can, and somebody should know.
    """

    line: int
    cells: dict[str, str]
    problem: str = ""
    doubt: str = ""


class _Packed(gzip.GzipFile):
    """Unpacks no more than a table could be: of a few megabytes that mean terabytes nothing is taken."""

    def read1(self, size: int = -1) -> bytes:
        return self._within(super().read1(size))

    def read(self, size: int | None = -1) -> bytes:
        return self._within(super().read(size))

    def _within(self, part: bytes) -> bytes:
        if self.tell() > MAX_UNPACKED:
            raise UnreadableFileError(
                _("Unpacked it is larger than %(most)s GB. Import it in parts.") % {"most": MAX_UNPACKED >> 30}
            )
        return part


def _broken(error: Exception) -> UnreadableFileError:
    """What is told of a file that breaks while it is read."""
    return UnreadableFileError(_("The file cannot be read: %(why)s.") % {"why": str(error) or _("it ends too early")})


def open_file(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is packed with gzip."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", _Packed(path, "rb")) if is_gzip else path.open("rb")


def detect_encoding(path: Path, stated: str) -> str:
    """The stated encoding if the beginning of the file reads in it, else one that always reads."""
    with open_file(path) as stream:
        head = stream.read(SNIFF_BYTES)
    for start, kind in OTHER_KINDS.items():
        if head.startswith(start):
            raise UnreadableFileError(
                _("The file is %(kind)s, not a table of text. Save it as CSV, or pack it with gzip.") % {"kind": kind}
            )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in (stated, "utf-8-sig"):
        try:
            head[: -4 if len(head) == SNIFF_BYTES else None].decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        return encoding
    return "cp1252"


def detect_delimiter(header: str, stated: str) -> str:
    """The stated delimiter if the header has it, else the one the header has most of."""
    if len(stated) == 1 and stated in header:
        return stated
    return max(DELIMITERS, key=header.count)


def read_rows(path: Path, *, delimiter: str = "", encoding: str = "utf-8-sig") -> Iterator[Row]:
    """Every row of the table below its header line, in order. Raises UnreadableFileError where there is no table."""
    try:
        with open_file(path) as raw:
            used_encoding = detect_encoding(path, encoding)
            text = io.TextIOWrapper(raw, encoding=used_encoding, errors="replace", newline="")
            columns, used = _header(text, delimiter)
            yield from _rows(text, columns, used, used_encoding)
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise _broken(error) from None


def header_of(path: Path, *, delimiter: str = "", encoding: str = "utf-8-sig") -> list[str]:
    """The column names of the file. Raises UnreadableFileError where there is no table."""
    try:
        with open_file(path) as raw:
            text = io.TextIOWrapper(raw, encoding=detect_encoding(path, encoding), errors="replace", newline="")
            return _header(text, delimiter)[0]
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise _broken(error) from None


def about_how_many_rows(path: Path) -> int:
    """Lines below the header; rows with line breaks inside, and empty lines, make it more than there are."""
    try:
        with open_file(path) as stream:
            lines, last = 0, b""
            while block := stream.read(1 << 20):
                lines += block.count(b"\n")
                last = block[-1:]
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(error) from None
    return max(0, lines - 1 + (last not in {b"", b"\n", b"\0"}))


def _header(text: io.TextIOWrapper, delimiter: str) -> tuple[list[str], str]:
    line = text.readline(MAX_LINE)
    if any(ord(sign) < 32 and sign not in "\t\r\n" for sign in line[:SNIFF_BYTES]):
        raise UnreadableFileError(_("The file is not text: its first line holds signs that no table has."))
    used = detect_delimiter(line, delimiter)
    columns = [name.strip() for name in next(csv.reader([line], delimiter=used), [])]
    if not any(columns):
        raise UnreadableFileError(_("The file is empty, or its first line is: it must name the columns."))
    doubled = sorted({name for name in columns if name and columns.count(name) > 1})
    if doubled:
        raise UnreadableFileError(
            _("The header names a column twice: %(columns)s.") % {"columns": ", ".join(doubled)[:200]}
        )
    return columns, used


@dataclass(slots=True)
class _Lines:
    """The lines of a text as csv.reader wants them, none longer than memory bears."""

    text: io.TextIOWrapper
    has_replaced: bool = False
    longest: int = field(default=MAX_LINE)

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(self.longest):
            if len(line) == self.longest and not line.endswith("\n"):
                while (rest := self.text.readline(self.longest)) and not rest.endswith("\n"):
                    pass
            if "\0" in line:
                line = line.replace("\0", REPLACED)
            if REPLACED in line:
                self.has_replaced = True
            yield line


def _rows(text: io.TextIOWrapper, columns: list[str], delimiter: str, encoding: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter)
    width = len(columns)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, {}, f"not readable: {error}")
            continue
        if not any(cells):
            continue
        problem = "" if len(cells) == width else f"{len(cells)} cells where the header has {width}"
        doubt = ""
        if lines.has_replaced:
            lines.has_replaced = False
            doubt = f"some signs are not {encoding}: they were replaced by {REPLACED}"
        yield Row(line, dict(zip(columns, map(str.strip, cells), strict=False)), problem, doubt)


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
