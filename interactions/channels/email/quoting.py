"""What is new in a mail, and what only repeats or signs: line by line, within bounds, without backtracking.

Nothing is thrown away: what is folded above, what is fresh, and what is folded below are together the whole text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from interactions.channels.email.quoting_words import (
    FORWARDED,
    KEY,
    KEYS_OTHER,
    KEYS_WHO,
    OPENINGS,
    SENT_FROM,
    VERBS,
)

MAX_LINES: Final = 5_000
MAX_LINE: Final = 300
# Who wrote when may be broken over so many lines, and is no longer than this.
MAX_SPAN: Final = 6
MAX_INTRODUCTION: Final = 450
MAX_KEYS_APART: Final = 8
MAX_OPENINGS: Final = 20
MAX_FOOTER: Final = 10
DIGIT: Final = re.compile(r"\d")
DATE_FIRST: Final = re.compile(r"\d{4}年|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\d{1,2}[-/. ]\S{2,12}[-/. ]\s?\d{2,4}\b")
ADDRESS: Final = re.compile(r"<[^<>\s]{1,100}@[^<>\s]{1,100}>")
RULED: Final = re.compile(r"[-_=*~]{2,}\s?(?=\S)")
LONG_RULE: Final = re.compile(r"[_=-]{30,}$")
RULE: Final = re.compile(r"[_\-=*]{5,}$")
DASHES: Final = frozenset({"--", "—", "––", "- --", "__"})
FENCE: Final = "```"


@dataclass(frozen=True)
class Split:
    """A mail's own words, and what is folded above (a quotation that it answers below) and below them."""

    fresh: str
    quoted: str
    above: str = ""


@dataclass(frozen=True)
class Opening:
    """Where a quotation is introduced: its first line, and the first line after the introduction."""

    start: int
    end: int


def split_quoted(text: str) -> Split:
    """Where the history begins, if it can be told; else everything is fresh. Words among quotes stay visible."""
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        return Split(text, "")
    told = [line[:MAX_LINE].strip() for line in lines]
    begin, end = _fresh(told)
    end = _without_signature(told, begin, end)
    fresh = "\n".join(lines[begin:end])
    if not fresh.strip():
        return Split(text, "")
    above, below = "\n".join(lines[:begin]), "\n".join(lines[end:])
    return Split(fresh.strip("\n").rstrip(), below, above)


def _fresh(told: list[str]) -> tuple[int, int]:
    """The lines between which the mail's own words stand."""
    begin, end = 0, len(told)
    for _ in range(MAX_OPENINGS):
        opening = _first_opening(told, begin)
        if opening is None:
            return begin, _without_trailing_quote(told, begin, end)
        quote_end = _end_of_quote(told, opening.end)
        is_quoted = quote_end > opening.end
        has_after = any(line and not _is_quote(line) for line in told[quote_end : _dashes(told, quote_end)])
        if _says_something(told[begin : opening.start]):
            # Answers among the quotes are the mail's own; without quote marks nobody can tell them from the history.
            if is_quoted and has_after and not _is_history(told, quote_end):
                return begin, end
            return begin, opening.start
        if is_quoted:
            return _below_a_quote(told, opening, quote_end) if has_after else (begin, end)
        begin = opening.end
    return begin, end


def _below_a_quote(told: list[str], opening: Opening, quote_end: int) -> tuple[int, int]:
    """Whoever answers below one quotation repeats it; whoever answers among several needs them to be understood."""
    has_more = any(_is_quote(line) for line in told[quote_end:])
    return (opening.end if has_more else quote_end), len(told)


def _is_history(told: list[str], start: int) -> bool:
    """Whether what follows a quotation is only more of the history, or small print."""
    if _first_opening(told, start) is not None:
        return True
    rest = [line for line in told[start : _dashes(told, start)] if line and not _is_quote(line)]
    return not rest or all(SENT_FROM.match(line) for line in rest)


def _first_opening(told: list[str], begin: int) -> Opening | None:
    is_code = False
    for number in range(begin, len(told)):
        line = told[number]
        if line.startswith(FENCE):
            is_code = not is_code
        if is_code or not line or line.startswith(">"):
            continue
        if _is_ruled(line):
            return Opening(_without_rule(told, number), _end_of_keys(told, number + 1))
        if keys_end := _keys(told, number):
            return Opening(_without_rule(told, number), keys_end)
        if end := _introduction(told, number):
            return Opening(number, end)
    return None


def _is_ruled(line: str) -> bool:
    """ "-----Original Message-----", or the words that begin a forwarded one."""
    if len(line) > 120 or FORWARDED.search(line) is None:
        return False
    return RULED.match(line) is not None or line.endswith((":", "："))


def _keys(told: list[str], number: int) -> int:
    """After the headers that begin at this line, where the text repeats some; 0 if it does not."""
    found = KEY.match(told[number])
    if found is None or found[1].lower() not in KEYS_WHO | KEYS_OTHER:
        return 0
    names: set[str] = set()
    last = number
    for at in range(number, min(number + MAX_KEYS_APART, len(told))):
        line = told[at]
        if not line and at > number:
            break
        key = KEY.match(line)
        if key is not None and (name := key[1].lower()) in KEYS_WHO | KEYS_OTHER:
            names.add(name)
            last = at
    is_enough = len(names) >= 3 or (len(names) == 2 and bool(names & KEYS_WHO) and found[1].lower() in KEYS_WHO)
    return last + 1 if is_enough else 0


def _end_of_keys(told: list[str], number: int) -> int:
    while number < len(told) and not told[number]:
        number += 1
    return (_keys(told, number) or number) if number < len(told) else number


def _without_rule(told: list[str], number: int) -> int:
    """A line of underscores above it belongs to it."""
    above = number - 1
    while above >= 0 and not told[above]:
        above -= 1
    return above if above >= 0 and RULE.match(told[above]) else number


def _introduction(told: list[str], number: int) -> int:
    """After the words that say who wrote when, if they begin at this line; 0 if they do not."""
    first = told[number].lstrip("- ")
    is_dated = DATE_FIRST.match(first) is not None
    if not (is_dated or OPENINGS.match(first) or ADDRESS.search(first) or VERBS.search(first)):
        return 0
    for end, joined in _joined(told, number):
        if _introduces(joined, is_dated=is_dated) or (is_dated and _is_bare(joined) and told[end : end + 1] == [""]):
            return end
    return 0


def _joined(told: list[str], number: int) -> Iterator[tuple[int, str]]:
    """This line, it and the next, and so on, as one; an empty one among them may be, a quotation may not."""
    joined, empty = "", 0
    for at in range(number, min(number + MAX_SPAN, len(told))):
        line = told[at]
        empty += not line
        is_quote = at > number and line.startswith(">") and not line.lstrip("> ").endswith((":", "："))
        joined = f"{joined} {line}".strip()
        if empty > 1 or is_quote or len(joined) > MAX_INTRODUCTION:
            return
        if line:
            yield at + 1, joined


def _introduces(joined: str, *, is_dated: bool) -> bool:
    if DIGIT.search(joined) is None:
        return False
    is_closed = joined.endswith((":", "：", "--"))
    if is_closed and VERBS.search(joined) is not None:
        begins = joined.lstrip("- ")
        return is_dated or OPENINGS.match(begins) is not None or ADDRESS.search(joined) is not None
    return is_closed and is_dated and ADDRESS.search(joined.replace("< ", "<").replace(" >", ">")) is not None


def _is_bare(joined: str) -> bool:
    """A day and an address, and nothing else."""
    found = ADDRESS.search(joined)
    return found is not None and found.end() == len(joined)


def _is_quote(line: str) -> bool:
    return line.startswith(">")


def _end_of_quote(told: list[str], start: int) -> int:
    """After the block of ">" lines that begins here, empty lines allowed; `start` itself if none does."""
    end = start
    for number in range(start, len(told)):
        if _is_quote(told[number]):
            end = number + 1
        elif told[number]:
            break
    return end


def _without_trailing_quote(told: list[str], begin: int, end: int) -> int:
    """Before the block of ">" lines that ends the text, if something stands above it."""
    stop = _dashes(told, begin)
    start = min(stop, end)
    for number in range(start - 1, begin - 1, -1):
        if _is_quote(told[number]):
            start = number
        elif told[number]:
            break
    if start == min(stop, end) or not _says_something(told[begin:start]):
        return end
    return start


def _says_something(told: list[str]) -> bool:
    return any(line and not _is_quote(line) for line in told)


def _dashes(told: list[str], begin: int) -> int:
    """The line of dashes that begins a signature, or the end."""
    is_code = False
    for number in range(begin, len(told)):
        line = told[number]
        if line.startswith(FENCE):
            is_code = not is_code
        if is_code:
            continue
        if line in DASHES or (LONG_RULE.match(line) and _is_footer(told, number + 1)):
            return number
    return len(told)


def _is_footer(told: list[str], start: int) -> bool:
    """A few lines below a long rule that end the text: what a mailing list adds."""
    rest = [line for line in told[start : start + MAX_FOOTER + 1] if line]
    return bool(rest) and not any(told[start + MAX_FOOTER :]) and any("://" in line or "@" in line for line in rest)


def _without_signature(told: list[str], begin: int, end: int) -> int:
    """Before the signature, be it a person's below dashes or a machine's."""
    dashes = _dashes(told, begin)
    if dashes < end and any(told[begin:dashes]):
        end = dashes
    last = end
    for number in range(end - 1, begin - 1, -1):
        line = told[number]
        if not line:
            continue
        if len(line) > 120 or SENT_FROM.match(line) is None:
            break
        last = number
    return last if any(told[begin:last]) else end
