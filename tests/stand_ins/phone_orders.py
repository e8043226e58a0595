"""The REST side of the stand-in telephone company: what it takes orders for, and what it has."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.factories.webservers import Heard, Said
from tests.stand_ins.twiml_reader import Verb

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "an auth token of nobody"


@dataclass
class Leg:
    """One end of a call."""

    sid: str
    to: str
    caller: str
    direction: str
    status: str = "queued"
    url: str = ""
    status_url: str = ""
    wants: tuple[str, ...] = ()
    label: str = ""
    heard: list[str] = field(default_factory=list)
    waits: Verb | None = None
    where: str = ""
    room: str = ""
    queue: Verb | None = None
    is_held: bool = False
    sequence: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None


@dataclass
class Room:
    """A conference."""

    sid: str
    name: str
    status_url: str = ""
    has_begun: bool = False
    sequence: int = 0
    legs: list[str] = field(default_factory=list)


@dataclass
class Notice:
    """Something the company tells us, when it comes to it."""

    url: str
    form: dict[str, str]


class PhoneOrders:
    """Orders are taken in the server's thread and carried out in the test's, when it says `work()`."""

    def __init__(self) -> None:
        self.legs: dict[str, Leg] = {}
        self.rooms: dict[str, Room] = {}
        self.recordings: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, list[str]]]] = []
        self.refuses: Callable[[str, str], int | None] = lambda _method, _path: None
        self.numbers = 0
        self.jobs: list[Callable[[], None]] = []

    @property
    def now(self) -> datetime:
        """Whole seconds, as its timestamps are."""
        return datetime.now(UTC).replace(microsecond=0)

    def _sid(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}{self.numbers:032x}"

    def _leg(self, *, to: str, caller: str, direction: str) -> Leg:
        leg = Leg(sid=self._sid("CA"), to=to, caller=caller, direction=direction)
        self.legs[leg.sid] = leg
        return leg

    def _tell(self, url: str, form: dict[str, str]) -> None:
        raise AssertionError(url, form)

    def _becomes(self, leg: Leg, status: str) -> None:
        raise AssertionError(leg, status)

    def _end(self, leg: Leg, status: str) -> None:
        raise AssertionError(leg, status)

    def _send_to(self, leg: Leg, url: str) -> None:
        raise AssertionError(leg, url)

    def _room_tells(self, room: Room, event: str, leg: Leg | None = None, **more: str) -> None:
        raise AssertionError(room, event, leg, more)

    # REST

    def _rest(self, heard: Heard) -> Said:
        refused = self.refuses(heard.method, heard.path)
        form = parse_qs(heard.body.decode(), keep_blank_values=True)
        self.asked.append((heard.method, heard.path, form))
        if refused is not None:
            return Said(status=refused)
        if not heard.headers.get("authorization", "").startswith("Basic "):
            return Said(status=401)
        path = urlsplit(heard.path).path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT}")
        for pattern, does in ORDERS:
            match = re.fullmatch(pattern, path)
            if match:
                return does(self, heard.method, form, *match.groups())
        return Said(status=404)

    def work(self) -> None:
        """Do what was asked for: legs begin to ring, redirected ones ask again. Called by the test, in its thread."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()

    def _make_leg(self, _method: str, form: dict[str, list[str]]) -> Said:
        leg = self._leg(to=form["To"][0], caller=form["From"][0], direction="outbound-api")
        leg.url, leg.status_url = form["Url"][0], form.get("StatusCallback", [""])[0]
        leg.wants = tuple(form.get("StatusCallbackEvent", []))
        self.jobs = [*self.jobs, lambda: self._becomes(leg, "queued"), lambda: self._becomes(leg, "ringing")]
        return _json({"sid": leg.sid, "status": "queued"}, 201)

    def _change_leg(self, method: str, form: dict[str, list[str]], sid: str) -> Said:
        leg = self.legs.get(sid)
        if leg is None:
            return Said(status=404)
        if method == "GET":
            ended = format_datetime(leg.ended_at) if leg.ended_at else None
            started = format_datetime(leg.started_at) if leg.started_at else None
            return _json({"sid": sid, "status": leg.status, "start_time": started, "end_time": ended})
        if leg.is_over:
            return Said(status=400)
        if form.get("Status") == ["completed"]:
            self.jobs = [*self.jobs, lambda: self._end(leg, "completed" if leg.started_at else "canceled")]
        else:
            self.jobs = [*self.jobs, lambda: self._send_to(leg, form["Url"][0])]
        return _json({"sid": sid})

    def _participant(self, method: str, form: dict[str, list[str]], room_sid: str, sid: str) -> Said:
        rooms = [room for room in self.rooms.values() if room_sid in {room.sid, room.name} and sid in room.legs]
        if not rooms:
            return Said(status=404)
        leg, is_held = self.legs[sid], form["Hold"] == ["true"]
        event = "participant-hold" if is_held else "participant-unhold"

        def job() -> None:
            leg.is_held = is_held
            self._room_tells(rooms[0], event, leg)

        self.jobs = [*self.jobs, job]
        return _json({"call_sid": sid, "hold": is_held})

    def _start_recording(self, _method: str, form: dict[str, list[str]], sid: str) -> Said:
        recording = self._sid("RE")
        self.recordings[recording] = {
            "leg": sid, "status": "in-progress", "url": form["RecordingStatusCallback"][0], "at": self.now,
        }  # fmt: skip
        return _json({"sid": recording, "status": "in-progress"}, 201)

    def _change_recording(self, _method: str, form: dict[str, list[str]], sid: str, recording: str) -> Said:
        found = self.recordings.get(recording)
        if found is None or found["leg"] != sid:
            return Said(status=404)
        found["status"] = form["Status"][0]
        return _json({"sid": recording, "status": found["status"]})

    def finish_recording(self, recording: str, seconds: int) -> None:
        """The file of a recording is ready."""
        found = self.recordings[recording]
        found["status"] = "completed"
        self._tell(
            found["url"],
            {
                "RecordingSid": recording,
                "RecordingStatus": "completed",
                "RecordingDuration": str(seconds),
                "RecordingStartTime": format_datetime(found["at"]),
                "CallSid": found["leg"],
            },
        )

    def _media(self, _method: str, _form: dict[str, list[str]], recording: str) -> Said:
        if recording not in self.recordings:
            return Said(status=404)
        return Said(body=b"ID3 sound of " + recording.encode(), headers={"content-type": "audio/mpeg"})

    def _account(self, _method: str, _form: dict[str, list[str]]) -> Said:
        return _json({"sid": ACCOUNT, "status": "active"})


def _json(told: dict[str, Any], status: int = 200) -> Said:
    return Said(status=status, body=json.dumps(told).encode(), headers={"content-type": "application/json"})


ORDERS: list[tuple[str, Callable[..., Said]]] = [
    (r"/Calls\.json", PhoneOrders._make_leg),
    (r"/Calls/(\w+)\.json", PhoneOrders._change_leg),
    (r"/Conferences/([\w-]+)/Participants/(\w+)\.json", PhoneOrders._participant),
    (r"/Calls/(\w+)/Recordings\.json", PhoneOrders._start_recording),
    (r"/Calls/(\w+)/Recordings/(\w+)\.json", PhoneOrders._change_recording),
    (r"/Recordings/(\w+)\.mp3", PhoneOrders._media),
    (r"\.json", PhoneOrders._account),
]
