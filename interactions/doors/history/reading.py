"""Reading a file of any size row by row: gzip or plain, any delimiter, any of the usual encodings."""

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Final, cast

from ccx.kernel.errors import DomainError

MAX_CELL: Final = 1_000_000
SNIFF_BYTES: Final = 65_536
DELIMITERS: Final = "\t,;|"


class UnreadableFileError(DomainError):
    """The file cannot be read as a table."""

    code: ClassVar[str] = "file_unreadable"
    status: ClassVar[int] = 400


@dataclass(frozen=True)
class Row:
    """One row with its line number in the file; `cells` by column name."""

    line: int
    cells: dict[str, str]
    problem: str = ""


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if is_gzip else path.open("rb")


def detect_encoding(path: Path, stated: str) -> str:
    """The stated encoding if the beginning of the file reads in it, else one that always reads."""
    with _open(path) as stream:
        head = stream.read(SNIFF_BYTES)
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
    if stated and stated in header:
        return stated
    return max(DELIMITERS, key=header.count)


def read_rows(path: Path, *, delimiter: str = "", encoding: str = "utf-8-sig") -> Iterator[Row]:
    """Every row of the table below its header line, in order. Raises UnreadableFileError where there is no table."""
    try:
        with _open(path) as raw:
            text = io.TextIOWrapper(raw, encoding=detect_encoding(path, encoding), errors="replace", newline="")
            header_line = text.readline()
            used = detect_delimiter(header_line, delimiter)
            columns = [name.strip() for name in next(csv.reader([header_line], delimiter=used), [])]
            if not any(columns):
                raise UnreadableFileError("The file is empty.")
            doubled = sorted({name for name in columns if name and columns.count(name) > 1})
            if doubled:
                raise UnreadableFileError(f"The header names a column twice: {', '.join(doubled)}.")
            yield from _rows(text, columns, used)
    except (OSError, EOFError, csv.Error) as error:
        raise UnreadableFileError(f"The file cannot be read: {error}.") from None


def _rows(text: io.TextIOWrapper, columns: list[str], delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader((line.replace("\0", "\ufffd") for line in text), delimiter=delimiter)
    width = len(columns)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(reader.line_num + 1, {}, f"not readable: {error}")
            continue
        if not cells or not any(cells):
            continue
        problem = "" if len(cells) == width else f"{len(cells)} cells where the header has {width}"
        yield Row(reader.line_num + 1, dict(zip(columns, (cell.strip() for cell in cells), strict=False)), problem)


def header_of(path: Path, *, delimiter: str = "", encoding: str = "utf-8-sig") -> list[str]:
    """The column names of the file."""
    with _open(path) as raw:
        text = io.TextIOWrapper(raw, encoding=detect_encoding(path, encoding), errors="replace", newline="")
        line = text.readline()
    return [name.strip() for name in next(csv.reader([line], delimiter=detect_delimiter(line, delimiter)), [])]
