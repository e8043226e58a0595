"""The other side of a record: whether the customer is there and types, told by a browser that is not signed in.

Kept in Redis with an end, never in rows; without Redis nothing is known, and nobody waits for it.
"""

import json
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ccx.kernel.live.nudging import address, ask, publish

TYPING_SECONDS: Final = 6
# For so long it is remembered that somebody was there, to be able to say that they left.
REMEMBERED_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`left_at`: when the customer is taken to have left, or will be, as seconds since 1970."""

    left_at: float

    @property
    def has_left(self) -> bool:
        return self.left_at <= time.time()


def is_here(record: UUID | str, *, seconds: float) -> None:
    """The customer showed a sign of life; without another one they have left after so many seconds."""
    until = time.time() + seconds
    ask(lambda client: client.set(here_key(record), f"{until:.0f}", ex=REMEMBERED_SECONDS))


def has_gone(record: UUID | str) -> None:
    """The customer said that they go."""
    ask(lambda client: client.set(here_key(record), f"{time.time() - 1:.0f}", ex=REMEMBERED_SECONDS))
    publish({"viewers": str(record)})


def types(record: UUID | str) -> None:
    """The customer types; said to those who look at the record now, and to nobody later."""
    publish({"types": str(record)})


def standing_of(record: UUID | str) -> Standing | None:
    """Where the customer is; None if nobody knows."""
    told = ask(lambda client: client.get(here_key(record)))
    return Standing(left_at=float(told)) if told else None


def somebody_answers(record: UUID | str) -> bool:
    """Whether somebody of ours types an answer."""
    return bool(ask(lambda client: client.zcount(f"{address()}:answering:{record}", time.time(), "+inf")))


def here_key(record: UUID | str) -> str:
    return f"{address()}:customer:{record}"


def typing_frame(record: str) -> str:
    """What the pages that look at a record get."""
    return json.dumps({"types": record})
