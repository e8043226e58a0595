"""Splitting what somebody wrote from what they quote below it, so that the quoted part can be folded."""

from dataclasses import dataclass

from interactions.channels.email.quoting import split_quoted

# What is shown of a long message before "Show all".
LONG = 1400
LONG_LINES = 24


@dataclass(frozen=True)
class Written:
    """`head` is what is shown at once, `rest` the remainder of a long text; `above` and `quoted` are folded there."""

    head: str
    rest: str = ""
    quoted: str = ""
    above: str = ""


def read_written(body: str) -> Written:
    """The parts of a message. Nothing is lost: all of them together are the body but for outer space."""
    split = split_quoted(body.strip())
    head, rest = _part_long(split.fresh)
    return Written(head=head, rest=rest, quoted=split.quoted, above=split.above)


def _part_long(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    if len(text) <= LONG * 1.3 and len(lines) <= LONG_LINES * 1.3:
        return text, ""
    head = "".join(lines[:LONG_LINES])[:LONG]
    cut = max(head.rfind(" "), head.rfind("\n"))
    cut = cut if cut > LONG // 2 else len(head)
    return text[:cut], text[cut:]
