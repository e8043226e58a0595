"""A telephone company that behaves like Twilio: it signs what it sends, follows our TwiML, takes our REST orders, and
tells of everything by its own clock, late, twice or in any order, as the test wants.

Time is its own: nothing waits. `tick(seconds)` lets time pass, for it and for us.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import time_machine
from django.conf import settings
from django.test import Client
from twilio.request_validator import RequestValidator

from tests.factories.webservers import StandIn, stand_in
from tests.stand_ins.phone_orders import ACCOUNT, TOKEN, Leg, Notice, PhoneOrders, Room
from tests.stand_ins.twiml_reader import Verb, read_twiml

LEG_EVENTS = {"queued": "initiated", "ringing": "ringing", "in-progress": "answered"}


class PhoneCompany(PhoneOrders):
    """Use it as a context; `connect(inbox)` makes a line one of its customers."""

    def __init__(self, start: datetime) -> None:
        super().__init__()
        self.notices: list[Notice] = []
        self.delivers_at_once = True
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
        assert leg.waits, leg.heard
        assert leg.waits.name == "Gather", leg.heard
        gather, leg.waits = leg.waits, None
        self._fetch(leg, gather.attributes["action"], {"Digits": digits})

    def say_nothing(self, leg: Leg) -> None:
        """The time to press a key is over."""
        self.press(leg, "")

    def wait_more(self, leg: Leg) -> None:
        """A round of the music of a queue is over."""
        assert leg.waits
        assert leg.queue
        if leg.waits.name == "Gather":
            self.press(leg, "")
            return
        verb, leg.waits = leg.waits, None
        self._fetch(leg, verb.text, {"QueueTime": "30", "QueuePosition": "1"})

    def speak(self, leg: Leg, seconds: int) -> str:
        """Leave a message after the tone and press #; the recording's id."""
        assert leg.waits
        assert leg.waits.name == "Record"
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
        pairs = dict(parse_qsl(body, keep_blank_values=True))
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

    def _becomes(self, leg: Leg, status: str) -> None:
        leg.status = status
        if status == "in-progress":
            leg.started_at = self.now
        event = LEG_EVENTS.get(status, "completed")
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

    def _send_to(self, leg: Leg, url: str) -> None:
        if leg.is_over:
            return
        self._leave_room(leg)
        self._left_queue(leg, "redirected")
        leg.waits = None
        self._fetch(leg, url, {})


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
