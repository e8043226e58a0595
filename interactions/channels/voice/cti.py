"""Any telephone system as a source of events: it tells us of its calls in one small vocabulary, JSON or a form.

It proves itself by a bearer secret, or by the HMAC-SHA256 of the body in hexadecimal. It takes no orders.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Answer,
    Capabilities,
    Check,
    Field,
    Line,
    NotVerifiedError,
    Parsed,
    Request,
    StaleDeliveryError,
    UnreadableDeliveryError,
    Words,
)
from interactions.channels.voice.control import VoiceAdapter
from interactions.channels.voice.told import CallTold, Told

SIGNATURE: Final = "x-ccx-signature"
TIMESTAMP: Final = "x-ccx-timestamp"
TOLERANCE: Final = timedelta(minutes=5)
EVENTS: Final = frozenset({"new", "ring", "answer", "hold", "resume", "transfer", "hangup"})
LONGEST_ID: Final = 120


class CtiAdapter(VoiceAdapter):
    """A telephone that tells, whoever made it."""

    channel = Channel.VOICE
    provider = "cti"
    label = gettext_lazy("Telephone system (webhook)")
    webhook_help: ClassVar[Words] = gettext_lazy(
        "Your telephone system posts its events there, with the secret as a bearer or a signature."
    )
    steps: ClassVar[tuple[Words, ...]] = (
        gettext_lazy("Make up a long secret and enter it here; it is never shown again."),
        gettext_lazy(
            "Save. The line then shows its address: let the telephone system post its events there, one at a time, as"
            " JSON or as a form."
        ),
        gettext_lazy(
            "Each says “event” (new, ring, answer, hold, resume, transfer or hangup) and “call_id”, best also “at”, the"
            " time with its zone. “agent” names who rings and answers: by e-mail, or by an extension the line knows."
        ),
        gettext_lazy(
            "The system proves itself with “Authorization: Bearer” and the secret, or signs each event with it"
            " (X-CCX-Signature)."
        ),
    )
    guide: ClassVar[str] = "docs/channels/voice.md"
    identity_kind = "phone"
    kept_headers = ("content-type",)

    def fields(self) -> Sequence[Field]:
        """What a line has to be told."""
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        """A call carries no messages."""
        return Capabilities(can_send=False, notes=(_("Calls are made with your own telephone."),))

    def verify(self, line: Line, request: Request) -> None:
        """`Authorization: Bearer`, or a signature over "<timestamp>.<body>" (over the body alone without a time)."""
        secret = line.secrets.get("secret", "")
        if not secret:
            raise NotVerifiedError
        signature = request.headers.get(SIGNATURE, "")
        if not signature:
            kind, _space, told = request.headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not hmac.compare_digest(told.strip().encode(), secret.encode()):
                raise NotVerifiedError
            return
        stamp = request.headers.get(TIMESTAMP, "")
        signed = f"{stamp}.".encode() + request.body if stamp else request.body
        ours = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature.removeprefix("sha256=").lower().encode(), ours.encode()):
            raise NotVerifiedError
        if stamp:
            _refuse_stale(stamp)

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        """What it tells of calls."""
        told = self.tell(line, request, received_at=received_at)
        return Parsed(calls=told, ignored=() if told else ("event",))

    def answer(self, line: Line, request: Request, *, is_understood: bool) -> Answer:
        """That we have it; what is to be done with the call is for the address of calls to say."""
        return Answer(content=json.dumps({"ok": is_understood}), content_type="application/json")

    def tell(self, line: Line, request: Request, *, received_at: datetime) -> tuple[CallTold, ...]:
        """One event; an unknown one tells nothing. Two in the same second are told apart by what they say."""
        told = _read(request)
        event, call_id = str(told.get("event", "")).strip().lower(), str(told.get("call_id", "")).strip()
        if not event or not call_id or len(call_id) > LONGEST_ID:
            raise UnreadableDeliveryError("event and call_id are needed")
        if event not in EVENTS:
            return ()
        at = _moment(told.get("at"))
        agent = str(told.get("agent") or "").strip()[:254]
        key = f"{event}:{agent}:{told.get('queue') or ''}:{told.get('id') or told.get('at') or ''}"[:200]
        make = _Maker(call_id=call_id, key=key, agent=agent, at=at, told=told)
        return make.of(event)

    def check(self, line: Line) -> Iterable[Check]:
        """There is nobody to ask: the telephone system calls us."""
        has_secret = bool(line.secrets.get("secret"))
        yield Check(
            name=_("Secret"), is_well=has_secret, told="" if has_secret else _("Without a secret nothing is taken in.")
        )


class _Maker:
    """Puts one event into our vocabulary."""

    def __init__(self, *, call_id: str, key: str, agent: str, at: datetime | None, told: Mapping[str, Any]) -> None:
        self.call_id, self.key, self.agent, self.at, self.told = call_id, key, agent, at, told

    def of(self, event: str) -> tuple[CallTold, ...]:
        """What an event means; some mean two things."""
        leg = f"agent:{self.agent.lower()}"
        if event == "new":
            names = ("from", "to", "queue", "direction", "name", "verified")
            data = {name: str(self.told.get(name) or "")[:120] for name in names}
            return (self.make(Told.BEGAN, self.call_id, data=data),)
        if event == "ring":
            return (self.make(Told.DIALLED, leg),)
        if event == "answer":
            return self.make(Told.JOINED, leg), self.make(Told.JOINED, self.call_id, agent="")
        if event in {"hold", "resume"}:
            return (self.make(Told.HELD if event == "hold" else Told.RESUMED, self.call_id, agent=""),)
        if event == "transfer":
            data = {"queue": str(self.told.get("queue") or "")[:120]}
            return self.make(Told.TRANSFERRED, "", data=data), self.make(Told.ROOM_ENDED, "", agent="")
        cause = str(self.told.get("cause") or "")[:20]
        return (self.make(Told.LEG_ENDED, self.call_id, agent="", data={"reason": cause}),)

    def make(
        self, kind: Told, leg: str, *, agent: str | None = None, data: Mapping[str, Any] | None = None
    ) -> CallTold:
        return CallTold(
            kind=kind,
            key=f"{kind}:{leg}:{self.key}"[:200],
            call_id=self.call_id,
            leg=leg,
            agent=self.agent if agent is None else agent,
            at=self.at,
            data=data or {},
        )


def _read(request: Request) -> Mapping[str, Any]:
    if "json" in request.headers.get("content-type", "") or request.body.lstrip()[:1] == b"{":
        try:
            told = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise UnreadableDeliveryError("the JSON cannot be read") from error
        if not isinstance(told, dict):
            raise UnreadableDeliveryError("the JSON is no object")
        return told
    return dict(request.form())


def _moment(told: object) -> datetime | None:
    """Seconds since 1970 or ISO 8601 with a zone; anything else is no time."""
    if told in {None, ""}:
        return None
    text = str(told).strip()
    try:
        if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        moment = parse_datetime(text)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableDeliveryError("at is no time") from error
    if moment is None or moment.tzinfo is None:
        raise UnreadableDeliveryError("at is a time with its zone")
    return moment


def _refuse_stale(stamp: str) -> None:
    moment = (
        datetime.fromtimestamp(int(stamp), UTC) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else None
    )
    if moment is None or abs(datetime.now(UTC) - moment) > TOLERANCE:
        raise StaleDeliveryError


FIELDS: Final = (
    Field(
        name="secret",
        label=gettext_lazy("Secret"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("Sent as a bearer token, or used to sign each event."),
    ),
    Field(
        name="extensions",
        label=gettext_lazy("Extensions of agents"),
        kind="lines",
        help=gettext_lazy("One a line: 201 = alice@example.com. Events may name agents by their e-mail as well."),
    ),
)
