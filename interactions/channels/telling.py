"""Reading what providers tell. Every value may be anything; what cannot be read says so and spoils nothing else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from interactions.channels.contact import IdentityClaim
from interactions.channels.contract import (
    Arrived,
    ConsentTold,
    Edit,
    Parsed,
    Reaction,
    Report,
    UnreadableDeliveryError,
)

# Assurance.ATTESTED of the customers' room, which stands above this one.
ATTESTED: Final = 2
DIGITS: Final = re.compile(r"\d{5,15}")
# Clocks of providers are right; a little ahead of ours is no reason to doubt one.
AHEAD: Final = timedelta(minutes=5)


@dataclass
class Gathered:
    """What one delivery held, while it is being read part by part."""

    arrived: list[Arrived] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    consents: list[ConsentTold] = field(default_factory=list)
    same: list[tuple[IdentityClaim, IdentityClaim]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """One part of the delivery: if it cannot be read it is told as broken, and the next part has its turn."""
        try:
            yield
        except (UnreadableDeliveryError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            self.broken.append(f"{name}: {error}"[:200])

    def parsed(self) -> Parsed:
        """All of it."""
        return Parsed(
            arrived=tuple(self.arrived),
            reports=tuple(self.reports),
            edits=tuple(self.edits),
            reactions=tuple(self.reactions),
            consents=tuple(self.consents),
            same=tuple(self.same),
            ignored=tuple(self.ignored),
            broken=tuple(self.broken),
        )


def mapping(value: Any, name: str = "it") -> Mapping[str, Any]:
    """The value, which has to be an object."""
    if not isinstance(value, dict):
        raise UnreadableDeliveryError(f"{name} is no object")
    return value


def inner(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within; an empty one where there is none."""
    value = told.get(name)
    return mapping(value, name) if value is not None else {}


def rows(told: Mapping[str, Any], name: str) -> list[Any]:
    """A list within, whose items have still to be looked at; empty where there is none."""
    value = told.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnreadableDeliveryError(f"{name} is no list")
    return value


def words(told: Mapping[str, Any], name: str) -> str:
    """A text or a whole number within, as text; empty where there is none."""
    value = told.get(name)
    if value is None:
        return ""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise UnreadableDeliveryError(f"{name} is no text")


def needed(told: Mapping[str, Any], name: str) -> str:
    """A text within that has to be there."""
    value = words(told, name)
    if not value:
        raise UnreadableDeliveryError(f"there is no {name}")
    return value


def amount(told: Mapping[str, Any], name: str) -> float | None:
    """A number within, or None."""
    value = told.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def size_of(told: Mapping[str, Any], name: str) -> int | None:
    """How large a file is told to be, where that can be believed."""
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40 else None


def moment(value: Any, received_at: datetime, *, in_a_second: int = 1) -> datetime:
    """A time told in seconds (or parts of them) since 1970; when it came in where it tells none that can be."""
    try:
        told = datetime.fromtimestamp(int(value) / in_a_second, tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return received_at
    return told if told.year >= 2000 and told <= received_at + AHEAD else received_at


def place(told: Mapping[str, Any], latitude: str = "latitude", longitude: str = "longitude") -> list[float]:
    """Where on earth, as latitude and longitude."""
    north, east = amount(told, latitude), amount(told, longitude)
    if north is None or east is None or not -90 <= north <= 90 or not -180 <= east <= 180:
        raise UnreadableDeliveryError("a place that is none on earth")
    return [north, east]


def place_words(point: list[float], *names: str) -> str:
    """A place as an agent reads it."""
    return "\n".join([*(name for name in names if name), f"{point[0]:.6f}, {point[1]:.6f}"])


def number(digits: str) -> str:
    """A phone number as E.164, from digits that name their country."""
    bare = digits.removeprefix("+")
    if not DIGITS.fullmatch(bare) or not bare.isascii():
        raise UnreadableDeliveryError("no phone number")
    return f"+{bare}"


def reference(told: str) -> str:
    """Our own id of a message, as the provider gives it back; what others than we sent along is none."""
    try:
        return str(UUID(told))
    except ValueError:
        return ""


def attested(kind: str, value: str, source: str) -> IdentityClaim:
    """Who a carrier or a platform says it is from."""
    if len(value) > 254:
        raise UnreadableDeliveryError("no sender's id is that long")
    return IdentityClaim(kind=kind, value=value, assurance=ATTESTED, source=source)
