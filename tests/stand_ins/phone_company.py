"""A telephone company that behaves like Twilio: it signs what it sends, follows our TwiML, takes our REST orders, and
tells of everything by its own clock, late, twice or in any order, as the test wants.

Time is its own: nothing waits. `tick(seconds)` lets time pass, for it and for us.
"""

import json
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import time_machine
from django.conf import settings
from django.test import Client
from twilio.request_validator import RequestValidator

from tests.factories.webservers import Heard, Said, StandIn, stand_in
from tests.stand_ins.twiml_reader import Verb, read_twiml

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "an auth token of nobody"
LEG_EVENTS = {"queued": "initiated", "ringing": "ringing", "in-progress": "answered"}


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


class PhoneCompany:
    """Use it as a context; `connect(inbox)` makes a line one of its customers."""

    def __init__(self, start: datetime) -> None:
        self.legs: dict[str, Leg] = {}
        self.rooms: dict[str, Room] = {}
        self.recordings: dict[str, dict[str, Any]] = {}
        self.notices: list[Notice] = []
        self.asked: list[tuple[str, str, dict[str, list[str]]]] = []
        self.refuses: Callable[[str, str], int | None] = lambda _method, _path: None
        self.delivers_at_once = True
        self.numbers = 0
        self.client = Client(headers={"host": "testserver"})
        self.clock = time_machine.travel(start, tick=False)
        self._open = ExitStack()

    def __enter__(self) -> "PhoneCompany":
        self.traveller = self._open.enter_context(self.clock)
        self.server: StandIn = self._open.enter_context(stand_in(self._rest))
        return self

    def __exit__(self, *_told: object) -> None:
        self._open.close()

    def settings(self) -> dict[str, Any]:
        """What a line of this company has in its settings."""
        return {"account_sid": ACCOUNT, "api_base": self.server.url, "api_key_sid": "SK1"}

    # Time

    @property
    def now(self) -> datetime:
        """Whole seconds, as its timestamps are."""
        return datetime.now(UTC).replace(microsecond=0)

    def tick(self, seconds: float) -> None:
        """Time passes."""
        self.traveller.shift(timedelta(seconds=seconds))

    # What people do

    def call(self, caller: str, inbox: Any, **more: str) -> Leg:
        """Somebody calls a line."""
        leg = self._leg(to=inbox.address, caller=caller, direction="inbound")
        leg.status, leg.started_at = "ringing", self.now
        leg.url = f"{settings.BASE_URL}/in/{inbox.public_id}/voice/"
        leg.status_url, leg.wants = f"{settings.BASE_URL}/in/{inbox.public_id}/voice/status/", ("completed",)
        self._fetch(leg, leg.url, more)
        if not leg.is_over:
            leg.status = "in-progress"
        return leg

    def press(self, leg: Leg, digits: str) -> None:
        """Keys, while something listens."""
        assert leg.waits is not None and leg.waits.name == "Gather", leg.heard
        gather, leg.waits = leg.waits, None
        self._fetch(leg, gather.attributes["action"], {"Digits": digits})

    def say_nothing(self, leg: Leg) -> None:
        """The time to press a key is over."""
        self.press(leg, "")

    def wait_more(self, leg: Leg) -> None:
        """A round of the music of a queue is over."""
        assert leg.waits is not None and leg.queue is not None
        if leg.waits.name == "Gather":
            self.press(leg, "")
            return
        verb, leg.waits = leg.waits, None
        self._fetch(leg, verb.text, {"QueueTime": "30", "QueuePosition": "1"})

    def speak(self, leg: Leg, seconds: int) -> str:
        """Leave a message after the tone and press #; the recording's id."""
        assert leg.waits is not None and leg.waits.name == "Record"
        record, leg.waits = leg.waits, None
        sid = self._sid("RE")
        began = self.now
        self.tick(seconds)
        self.recordings[sid] = {"leg": leg.sid, "status": "completed"}
        self._tell(
            record.attributes["recordingStatusCallback"],
            {
                "RecordingSid": sid,
                "RecordingStatus": "completed",
                "RecordingDuration": str(seconds),
                "RecordingStartTime": format_datetime(began),
                "CallSid": leg.sid,
            },
        )
        self._fetch(leg, record.attributes["action"], {"RecordingSid": sid, "RecordingDuration": str(seconds)})
        return sid

    def pick_up(self, leg: Leg) -> None:
        """A leg that we asked for is answered."""
        self._becomes(leg, "in-progress")
        self._fetch(leg, leg.url, {})

    def do_not_answer(self, leg: Leg, how: str = "no-answer") -> None:
        self._end(leg, how)

    def hang_up(self, leg: Leg) -> None:
        """Somebody puts the receiver down."""
        self._end(leg, "completed")

    def ringing(self, part: str) -> Leg:
        """The newest leg to somebody that has not been answered."""
        found = [leg for leg in self.legs.values() if part in leg.to and leg.status in {"queued", "ringing"}]
        assert found, [leg.to for leg in self.legs.values()]
        return found[-1]

    # What it tells

    def deliver(self, order: Callable[[list[Notice]], list[Notice]] | None = None) -> int:
        """Bring what was held back, in the order given, some of it perhaps twice."""
        held, self.notices = self.notices, []
        for notice in order(held) if order else held:
            self.post(notice.url, notice.form)
        return len(held)

    def post(self, url: str, form: dict[str, str], *, token: str = TOKEN) -> Any:
        """A signed request; nothing but a 2xx will do for the real one either."""
        body = urlencode(form)
        pairs = {name: value for name, value in parse_qsl(body, keep_blank_values=True)}
        signature = RequestValidator(token).compute_signature(url, pairs)
        where = url.removeprefix(settings.BASE_URL)
        return self.client.post(
            where,
            body,
            content_type="application/x-www-form-urlencoded",
            headers={"x-twilio-signature": signature},
        )

    def _tell(self, url: str, form: dict[str, str]) -> None:
        if not url:
            return
        notice = Notice(url, {"AccountSid": ACCOUNT, **form})
        if self.delivers_at_once:
            response = self.post(notice.url, notice.form)
            assert response.status_code == 200, (response.status_code, url, form)
        else:
            self.notices.append(notice)

    # Legs and rooms

    def _sid(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}{self.numbers:032x}"

    def _leg(self, *, to: str, caller: str, direction: str) -> Leg:
        leg = Leg(sid=self._sid("CA"), to=to, caller=caller, direction=direction)
        self.legs[leg.sid] = leg
        return leg

    def _becomes(self, leg: Leg, status: str) -> None:
        leg.status = status
        if status == "in-progress":
            leg.started_at = self.now
        event = "completed" if status not in LEG_EVENTS else LEG_EVENTS[status]
        if event in leg.wants:
            leg.sequence += 1
            form = {
                "CallStatus": "initiated" if status == "queued" else status,
                "Timestamp": format_datetime(self.now),
                "SequenceNumber": str(leg.sequence - 1),
                "CallbackSource": "call-progress-events",
            }
            self._tell(leg.status_url, {**self._about(leg), **form})

    def _about(self, leg: Leg) -> dict[str, str]:
        return {
            "CallSid": leg.sid,
            "From": leg.caller,
            "To": leg.to,
            "Direction": leg.direction,
            "CallStatus": leg.status,
            "ApiVersion": "2010-04-01",
        }

    def _end(self, leg: Leg, status: str) -> None:
        if leg.is_over:
            return
        self._leave_room(leg)
        leg.ended_at, leg.waits = self.now, None
        if leg.queue is not None:
            self._left_queue(leg, "hangup")
        self._becomes(leg, status)

    def _left_queue(self, leg: Leg, result: str) -> None:
        queue, leg.queue = leg.queue, None
        if queue is not None and queue.attributes.get("action"):
            self._tell(queue.attributes["action"], {**self._about(leg), "QueueResult": result, "QueueTime": "12"})

    def _leave_room(self, leg: Leg) -> None:
        if not leg.room:
            return
        room, leg.room, leg.is_held = self.rooms[leg.room], "", False
        room.legs.remove(leg.sid)
        self._room_tells(room, "participant-leave", leg, ReasonParticipantLeft="participant_hung_up")
        if not room.legs:
            self._room_tells(room, "conference-end")
            del self.rooms[room.name]

    def _room_tells(self, room: Room, event: str, leg: Leg | None = None, **more: str) -> None:
        room.sequence += 1
        form = {
            "ConferenceSid": room.sid,
            "FriendlyName": room.name,
            "StatusCallbackEvent": event,
            "SequenceNumber": str(room.sequence),
            "Timestamp": format_datetime(self.now),
            **more,
        }
        if leg is not None:
            form |= {"CallSid": leg.sid, "ParticipantLabel": leg.label, "Hold": str(leg.is_held).lower()}
        self._tell(room.status_url, form)

    # TwiML

    def _fetch(self, leg: Leg, url: str, more: dict[str, str]) -> None:
        response = self.post(url, {"AccountSid": ACCOUNT, **self._about(leg), **more})
        assert response.status_code == 200, (response.status_code, url)
        leg.where = url
        self._follow(leg, read_twiml(response.content))

    def _follow(self, leg: Leg, verbs: list[Verb]) -> None:
        """Verb after verb, until one waits for something or there is none left, which ends the call."""
        for verb in verbs:
            if leg.is_over:
                return
            if verb.name in {"Say", "Play", "Pause"}:
                leg.heard.append(verb.text or verb.name)
                continue
            if verb.name == "Redirect" and leg.queue is not None and "/wait/" in verb.text:
                leg.waits = verb
                return
            STEPS[verb.name](self, leg, verb)
            return
        if leg.queue is None:
            self._end(leg, "completed")

    def _gather(self, leg: Leg, verb: Verb) -> None:
        leg.heard += [inner.text for inner in verb.inner]
        leg.waits = verb

    def _record(self, leg: Leg, verb: Verb) -> None:
        leg.waits = verb

    def _redirect(self, leg: Leg, verb: Verb) -> None:
        self._fetch(leg, verb.text, {})

    def _enqueue(self, leg: Leg, verb: Verb) -> None:
        self._leave_room(leg)
        leg.queue = verb
        self._fetch(leg, verb.attributes["waitUrl"], {"QueuePosition": "1", "QueueTime": "0"})

    def _dial(self, leg: Leg, verb: Verb) -> None:
        (noun,) = verb.inner
        if noun.name != "Conference":
            leg.heard.append(f"dials {noun.text}")
            return
        room = self.rooms.get(noun.text) or Room(sid=self._sid("CF"), name=noun.text)
        self.rooms[noun.text] = room
        room.status_url = room.status_url or noun.attributes.get("statusCallback", "")
        leg.room, leg.label = room.name, noun.attributes.get("participantLabel", "")
        room.legs.append(leg.sid)
        self._room_tells(room, "participant-join", leg)
        if not room.has_begun and noun.attributes.get("startConferenceOnEnter", "true") == "true":
            room.has_begun = True
            self._room_tells(room, "conference-start")

    def _hangup(self, leg: Leg, _verb: Verb) -> None:
        self._end(leg, "completed")

    def _leave(self, leg: Leg, _verb: Verb) -> None:
        self._left_queue(leg, "leave")

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

    jobs: list[Callable[[], None]] = []

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

    def _send_to(self, leg: Leg, url: str) -> None:
        if leg.is_over:
            return
        self._leave_room(leg)
        self._left_queue(leg, "redirected")
        leg.waits = None
        self._fetch(leg, url, {})

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


STEPS: dict[str, Callable[[PhoneCompany, Leg, Verb], None]] = {
    "Gather": PhoneCompany._gather,
    "Record": PhoneCompany._record,
    "Redirect": PhoneCompany._redirect,
    "Enqueue": PhoneCompany._enqueue,
    "Dial": PhoneCompany._dial,
    "Hangup": PhoneCompany._hangup,
    "Reject": PhoneCompany._hangup,
    "Leave": PhoneCompany._leave,
}
ORDERS: list[tuple[str, Callable[..., Said]]] = [
    (r"/Calls\.json", PhoneCompany._make_leg),
    (r"/Calls/(\w+)\.json", PhoneCompany._change_leg),
    (r"/Conferences/([\w-]+)/Participants/(\w+)\.json", PhoneCompany._participant),
    (r"/Calls/(\w+)/Recordings\.json", PhoneCompany._start_recording),
    (r"/Calls/(\w+)/Recordings/(\w+)\.json", PhoneCompany._change_recording),
    (r"/Recordings/(\w+)\.mp3", PhoneCompany._media),
    (r"\.json", PhoneCompany._account),
]
