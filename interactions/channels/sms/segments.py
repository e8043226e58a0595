"""How many parts a text goes out in: every part is paid for, and one letter too many doubles them."""

from dataclasses import dataclass
from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take two places.
EXTENDED: Final = frozenset("\f^{}\\[~]|€")
ALONE, TOGETHER = 160, 153
ALONE_WIDE, TOGETHER_WIDE = 70, 67


@dataclass(frozen=True)
class Segments:
    """`left`: places that are free in the last part. `is_unicode`: a letter of the text halves every part."""

    count: int
    left: int
    is_unicode: bool


def segments(text: str) -> Segments:
    """Count the parts of a text, as GSM 03.38 where every letter of it is in there, else as UTF-16."""
    is_unicode = any(letter not in BASIC and letter not in EXTENDED for letter in text)
    if is_unicode:
        widths = [len(letter.encode("utf-16-le")) // 2 for letter in text]
    else:
        widths = [2 if letter in EXTENDED else 1 for letter in text]
    alone, together = (ALONE_WIDE, TOGETHER_WIDE) if is_unicode else (ALONE, TOGETHER)
    whole = sum(widths)
    if whole <= alone:
        return Segments(count=1 if whole else 0, left=alone - whole, is_unicode=is_unicode)
    count, used = 1, 0
    for width in widths:
        # A letter of two places is never cut in two.
        if used + width > together:
            count, used = count + 1, 0
        used += width
    return Segments(count=count, left=together - used, is_unicode=is_unicode)
