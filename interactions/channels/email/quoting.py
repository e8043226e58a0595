"""What is new in a mail, and what is the mail it answers. Line by line, within bounds, without backtracking."""

import re
from dataclasses import dataclass
from typing import Final

MAX_LINES: Final = 5_000
MAX_LINE: Final = 300
# "On Tue, 3 Mar 2026 at 10:00, Ann wrote:" and the like; the line may have been broken in two or three.
BEGINS: Final = re.compile(r"(?:On|Am|Le|El|Il|Op|Den|Em|W dniu|Dnia)\s", re.IGNORECASE)
VERB: Final = re.compile(
    r"\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu|napisał)", re.IGNORECASE
)
DIGIT: Final = re.compile(r"\d")
DASHES: Final = re.compile(
    r"-{2,}\s?(?:Original|Ursprüngliche|Message d'origine|Mensaje original|Forwarded)", re.IGNORECASE
)
FROM_LINE: Final = re.compile(r"\*{0,2}(?:From|Von|De|Da|Van|Från|Fra)\s?:\*{0,2}\s", re.IGNORECASE)
DATE_LINE: Final = re.compile(
    r"\*{0,2}(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado|Inviato|Verzonden|Skickat|Sendt)\s?:", re.IGNORECASE
)
UNDERLINE: Final = re.compile(r"_{10,}$")


@dataclass(frozen=True)
class Split:
    """A mail's own words and the ones it quotes; together they are the whole text."""

    fresh: str
    quoted: str


def split_quoted(text: str) -> Split:
    """Where the history begins, if it can be told; else everything is fresh. Words after a quote stay visible."""
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        return Split(text, "")
    start = _start_of_history(lines)
    fresh = "\n".join(lines[:start])
    if start >= len(lines) or not fresh.strip():
        return Split(text, "")
    return Split(fresh.rstrip(), "\n".join(lines[start:]))


def _start_of_history(lines: list[str]) -> int:
    trailing = _start_of_trailing_quote(lines)
    for number, whole in enumerate(lines):
        line = whole[:MAX_LINE].strip()
        if not line:
            continue
        if number >= trailing or DASHES.match(line):
            return number
        if BEGINS.match(line) and _introduces(lines[number : number + 3]):
            return number
        if FROM_LINE.match(line) and any(
            DATE_LINE.match(next_line.strip()[:40]) for next_line in lines[number + 1 : number + 4]
        ):
            return number - 1 if number and UNDERLINE.match(lines[number - 1].strip()[:MAX_LINE]) else number
    return trailing


def _start_of_trailing_quote(lines: list[str]) -> int:
    """The first line of the block of ">" lines that ends the text."""
    start = len(lines)
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number].lstrip()
        if line.startswith(">"):
            start = number
        elif line:
            break
    return start


def _introduces(lines: list[str]) -> bool:
    """Whether these lines say who wrote when, up to the first one that ends in a colon."""
    told = ""
    for line in lines:
        told = f"{told} {line[:MAX_LINE].strip()}"
        if told.endswith(":"):
            return VERB.search(told) is not None and DIGIT.search(told) is not None
    return False
