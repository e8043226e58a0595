"""What a telephone that takes orders can be asked to do; adapters of voice lines inherit it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interactions.channels.contract import Adapter, Line, Request
from interactions.channels.voice.told import CallTold


@dataclass(frozen=True, kw_only=True)
class LegNow:
    """What the provider says of a leg that it was asked about. `state`: running, ended."""

    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Dial:
    """A leg to be made: whom, from which number, where the provider asks what it should hear and tells how it goes."""

    to: str
    caller: str
    url: str
    status_url: str
    seconds: int = 30


class VoiceAdapter(Adapter, ABC):
    """A telephone. `takes_orders` False: it tells us of calls and nothing more."""

    takes_orders: bool = False

    @abstractmethod
    def tell(self, line: Line, request: Request, *, received_at: datetime) -> tuple[CallTold, ...]:
        """What a verified request tells of calls. Raises UnreadableDeliveryError."""


class ControlledVoiceAdapter(VoiceAdapter, ABC):
    """A telephone that can be told what to do. Each raises as `Adapter.send` does."""

    takes_orders = True

    @abstractmethod
    def dial(self, line: Line, call: Dial) -> str:
        """Make a leg; its id."""

    @abstractmethod
    def send_to(self, line: Line, leg: str, url: str) -> None:
        """Let a leg ask at this address what it should hear next."""

    @abstractmethod
    def end_leg(self, line: Line, leg: str) -> None:
        """Hang up a leg, whatever it is doing; one that is over is a no-op."""

    @abstractmethod
    def hold(self, line: Line, room: str, leg: str, music: str) -> None:
        """Let a leg hear music instead of the room."""

    @abstractmethod
    def resume(self, line: Line, room: str, leg: str) -> None:
        """Bring a held leg back into the room."""

    @abstractmethod
    def record(self, line: Line, leg: str, status_url: str) -> str:
        """Begin to record a leg, both sides; the recording's id."""

    @abstractmethod
    def change_recording(self, line: Line, leg: str, recording: str, to: str) -> None:
        """`to`: paused, in-progress or stopped."""

    @abstractmethod
    def leg_now(self, line: Line, leg: str) -> LegNow | None:
        """How a leg stands; None: the provider does not know it."""

    @abstractmethod
    def token(self, line: Line, identity: str, seconds: int) -> str:
        """What lets a browser take calls as `identity`."""

    @abstractmethod
    def recording_reference(self, line: Line, recording: str) -> Mapping[str, Any]:
        """What `fetch` takes to bring a recording."""
