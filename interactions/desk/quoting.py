"""Splitting what somebody wrote from what they quote below it, so that the quoted part can be folded."""

import re
from dataclasses import dataclass

# The line a mail program puts above what it quotes, in the languages we meet most.
_INTRODUCES = re.compile(
    r"^(?:on\b.{4,200}\bwrote|am\b.{4,200}\bschrieb\b.{0,120}|le\b.{4,200}\ba écrit|el\b.{4,200}\bescribió"
    r"|il\b.{4,200}\bha scritto|op\b.{4,200}\bschreef\b.{0,120})\s*:\s*$",
    re.IGNORECASE,
)
_DIVIDES = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original|forwarded message)"
    r"\s*-{2,}|_{20,})\s*$",
    re.IGNORECASE,
)
MOST_LINES = 2000
# What is shown of a long message before "Show all".
LONG = 1400
LONG_LINES = 24


@dataclass(frozen=True)
class Written:
    """`head` is what is shown at once, `rest` the remainder of a long text, `quoted` what is folded below."""

    head: str
    rest: str = ""
    quoted: str = ""


def read_written(body: str) -> Written:
    """The parts of a message. Nothing is lost: head, rest and quoted together are the body but for outer space."""
    own, quoted = _part_quoted(body.strip())
    head, rest = _part_long(own)
    return Written(head=head, rest=rest, quoted=quoted)


def _part_quoted(body: str) -> tuple[str, str]:
    lines = body.splitlines()
    for number, line in enumerate(lines[:MOST_LINES]):
        if number and (_DIVIDES.match(line) or _INTRODUCES.match(line[:400]) or _is_quoted_to_the_end(lines, number)):
            return "\n".join(lines[:number]).rstrip(), "\n".join(lines[number:])
    return body, ""


def _is_quoted_to_the_end(lines: list[str], number: int) -> bool:
    """Answers between quoted lines are not folded away."""
    return lines[number].startswith(">") and all(not line.strip() or line.startswith(">") for line in lines[number:])


def _part_long(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    if len(text) <= LONG * 1.3 and len(lines) <= LONG_LINES * 1.3:
        return text, ""
    head = "".join(lines[:LONG_LINES])[:LONG]
    cut = max(head.rfind(" "), head.rfind("\n"))
    cut = cut if cut > LONG // 2 else len(head)
    return text[:cut], text[cut:]
