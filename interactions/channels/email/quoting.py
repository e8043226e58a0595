"""What is new in a mail, and what is the mail it answers. Line by line, within bounds, without backtracking."""

import re
from dataclasses import dataclass
from typing import Final

MAX_LINES: Final = 5_000
MAX_LINE: Final = 300
MAX_ENDING: Final = 30
# "On Tue, 3 Mar 2026 at 10:00, Ann wrote:" and the like; the line may have been broken in two or three.
BEGINS: Final = re.compile(r"(?:On|Am|Le|El|Il|Op|Den|Em|W dniu|Dnia)\s", re.IGNORECASE)
ENDS: Final = re.compile(
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu|napisał\(?a?\)?)\s{0,3}:?\s{0,3}$",
    re.IGNORECASE,
)
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
        if BEGINS.match(line) and any(
            ENDS.search(ending[-MAX_ENDING:].rstrip()) for ending in lines[number : number + 3]
        ):
            # Only where the answered mail follows: somebody may tell of what was written.
            return number if _is_followed_by_quote(lines, number) or trailing >= len(lines) else len(lines)
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


def _is_followed_by_quote(lines: list[str], number: int) -> bool:
    return any(line.lstrip().startswith(">") for line in lines[number + 1 : number + 6])
