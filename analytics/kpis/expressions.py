"""Linear expressions over measures: `live_abandoned - abandoned_short`. The only arithmetic a KPI may be made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_TERM = re.compile(r"\s*([+-]?)\s*([a-z][a-z0-9_]*)\s*(?:\*\s*([a-z][a-z0-9_]*))?\s*")


@dataclass(frozen=True)
class Term:
    """A signed measure, or two that must both be there in the same contact (`a*b`: only facts can tell)."""

    sign: int
    names: tuple[str, ...]

    @property
    def alias(self) -> str:
        return "__and__".join(self.names)


@dataclass(frozen=True)
class Expression:
    """A sum of signed terms."""

    text: str
    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Raises ValueError for anything but names joined by plus, minus and (within a term) times."""
        terms: list[Term] = []
        position = 0
        while position < len(text):
            match = _TERM.match(text, position)
            if match is None or (terms and not match[1]):
                raise ValueError(f"Cannot read {text!r} at {position}.")
            names = (match[2],) if match[3] is None else (match[2], match[3])
            terms.append(Term(-1 if match[1] == "-" else 1, names))
            position = match.end()
        if not terms:
            raise ValueError("An expression needs a term.")
        return cls(text, tuple(terms))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every measure it reads."""
        return frozenset(name for term in self.terms for name in term.names)

    @cached_property
    def needs_rows(self) -> bool:
        """Whether sums cannot answer it, because two measures must meet in one contact."""
        return any(len(term.names) > 1 for term in self.terms)

    def of(self, sums: Mapping[str, int]) -> int:
        """Its value for sums by the aliases of its terms."""
        return sum(term.sign * sums.get(term.alias, 0) for term in self.terms)
