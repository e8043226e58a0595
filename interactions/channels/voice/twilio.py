"""A telephone line of Twilio, or of whoever speaks its language: signed webhooks in, TwiML and REST out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Answer,
    Capabilities,
    Check,
    FetchedFile,
    Field,
    Line,
    Parsed,
    Request,
    UnreadableDeliveryError,
    Words,
)
from interactions.channels.twilio import rest
from interactions.channels.twilio.signature import verify_twilio
from interactions.channels.voice.control import ControlledVoiceAdapter, Dial, LegNow
from interactions.channels.voice.told import CallTold, Told
from interactions.channels.voice.twiml import CONTENT_TYPE, LEG_EVENTS, hang_up

ENDED: Final = {"completed", "busy", "no-answer", "failed", "canceled"}
STATES: Final = {
    "queued": Told.DIALLED,
    "initiated": Told.DIALLED,
    "ringing": Told.DIALLED,
    "in-progress": Told.ANSWERED,
    "answered": Told.ANSWERED,
} | dict.fromkeys(ENDED, Told.LEG_ENDED)
ROOM: Final = {
    "participant-join": Told.JOINED,
    "participant-leave": Told.LEFT,
    "participant-hold": Told.HELD,
    "participant-unhold": Told.RESUMED,
    "conference-start": Told.ROOM_BEGAN,
    "conference-end": Told.ROOM_ENDED,
}
CUSTOMER: Final = "customer"


class TwilioVoiceAdapter(ControlledVoiceAdapter):
    """The channel's usual provider."""

    channel = Channel.VOICE
    provider = ""
    label = gettext_lazy("Telephone (Twilio)")
    webhook_help: ClassVar[Words] = gettext_lazy(
        "At Twilio open the number and enter it where a call comes in (webhook, POST)."
    )
    webhook_path: ClassVar[str] = "voice/"
    steps: ClassVar[tuple[Words, ...]] = (
        gettext_lazy("In Twilio's console copy the SID and the auth token of the account that has the number."),
        gettext_lazy(
            "For the telephone in the browser make an API key there, and enter its SID and secret. Without one, agents"
            " are called at their own telephones."
        ),
        gettext_lazy(
            "Save. The line then shows its address: at Twilio open the number and enter it where a call comes in"
            " (webhook, POST), and with status/ behind it where call status changes are told."
        ),
        gettext_lazy("Send a test here, then call the number."),
    )
    guide: ClassVar[str] = "docs/channels/voice.md"
    identity_kind = "phone"
    kept_headers = ("content-type", "x-twilio-signature")

    def fields(self) -> Sequence[Field]:
        """What a line has to be told."""
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        """A call carries no messages."""
        return Capabilities(can_send=False, notes=(_("Calls are made with the telephone in the desk."),))

    def verify(self, line: Line, request: Request) -> None:
        """By the account's auth token, over the address and every field."""
        verify_twilio(request, token=line.secrets.get("auth_token", ""))

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        """What it tells of calls."""
        told = self.tell(line, request, received_at=received_at)
        return Parsed(calls=told, ignored=() if told else ("voice",))

    def answer(self, line: Line, request: Request, *, is_understood: bool) -> Answer:
        """Whoever calls an address that answers no calls is let go."""
        return Answer(content=hang_up(), content_type=CONTENT_TYPE)

    def tell(self, line: Line, request: Request, *, received_at: datetime) -> tuple[CallTold, ...]:
        """The path says what kind of thing is told."""
        form = dict(request.form())
        if not form.get("CallSid") and not form.get("ConferenceSid"):
            raise UnreadableDeliveryError("no CallSid")
        where = urlsplit(request.url)
        ours = {name: values[0] for name, values in parse_qs(where.query).items()}
        place = where.path.rstrip("/").rpartition("/voice")[2].strip("/")
        if place == "status":
            return _of_leg(form, ours)
        if place == "room":
            return _of_room(form, ours)
        if place == "recording":
            return _of_recording(form, ours)
        if place == "" and form.get("Direction", "inbound") == "inbound":
            return (_began(form),)
        return ()

    # Orders

    def dial(self, line: Line, call: Dial) -> str:
        """A leg, whose progress is told to `status_url`."""
        told = rest.post(
            line,
            "Calls.json",
            [
                ("To", call.to),
                ("From", call.caller),
                ("Url", call.url),
                ("Method", "POST"),
                ("Timeout", str(call.seconds)),
                ("StatusCallback", call.status_url),
                ("StatusCallbackMethod", "POST"),
                *(("StatusCallbackEvent", event) for event in LEG_EVENTS),
            ],
        )
        return str(told["sid"])

    def send_to(self, line: Line, leg: str, url: str) -> None:
        """Twilio asks there at once, whatever the leg was hearing."""
        rest.post(line, f"Calls/{leg}.json", [("Url", url), ("Method", "POST")], is_idempotent=True)

    def end_leg(self, line: Line, leg: str) -> None:
        """A leg that is over, or was never there, is ended."""
        try:
            rest.post(line, f"Calls/{leg}.json", [("Status", "completed")], is_idempotent=True)
        except RefusedEffectError:
            return

    def hold(self, line: Line, room: str, leg: str, music: str) -> None:
        """The participant hears `music`."""
        rest.post(
            line,
            f"Conferences/{room}/Participants/{leg}.json",
            [("Hold", "true"), ("HoldUrl", music), ("HoldMethod", "POST")],
            is_idempotent=True,
        )

    def resume(self, line: Line, room: str, leg: str) -> None:
        """The participant hears the room."""
        rest.post(line, f"Conferences/{room}/Participants/{leg}.json", [("Hold", "false")], is_idempotent=True)

    def record(self, line: Line, leg: str, status_url: str) -> str:
        """Both sides, each on a track of its own."""
        told = rest.post(
            line,
            f"Calls/{leg}/Recordings.json",
            [
                ("RecordingChannels", "dual"),
                ("RecordingStatusCallback", status_url),
                ("RecordingStatusCallbackMethod", "POST"),
                *(("RecordingStatusCallbackEvent", event) for event in ("in-progress", "completed", "absent")),
            ],
        )
        return str(told["sid"])

    def change_recording(self, line: Line, leg: str, recording: str, to: str) -> None:
        """What is said while it is paused is not in it."""
        options = [("Status", to)] + ([("PauseBehavior", "skip")] if to == "paused" else [])
        rest.post(line, f"Calls/{leg}/Recordings/{recording}.json", options, is_idempotent=True)

    def leg_now(self, line: Line, leg: str) -> LegNow | None:
        """As the provider's own record has it."""
        told = rest.find(line, f"Calls/{leg}.json")
        if told is None:
            return None
        if "status" not in told:
            raise TemporaryEffectError("the provider does not say how the call stands")
        state = str(told.get("status", ""))
        return LegNow(
            state="ended" if state in ENDED else "running",
            started_at=_moment(told.get("start_time")),
            ended_at=_moment(told.get("end_time")),
            reason=state if state in ENDED else "",
        )

    def token(self, line: Line, identity: str, seconds: int) -> str:
        """Only for taking calls: who is called is our servers' to say."""
        token = AccessToken(
            line.settings.get("account_sid", ""),
            line.settings.get("api_key_sid", ""),
            line.secrets.get("api_key_secret", ""),
            identity=identity,
            ttl=seconds,
        )
        token.add_grant(VoiceGrant(incoming_allow=True))
        return str(token.to_jwt())

    def recording_reference(self, line: Line, recording: str) -> Mapping[str, Any]:
        """By its id; the address is ours to know."""
        return {"recording": recording}

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        """A recording as MP3."""
        recording = str(reference["recording"])
        answer = rest.fetch(line, rest.address(line, f"Recordings/{recording}.mp3"), max_bytes=max_bytes)
        return FetchedFile(name=f"{recording}.mp3", content_type="audio/mpeg", content=answer.content)

    def check(self, line: Line) -> Iterable[Check]:
        """Who we are, and that the number is ours and calls us."""
        if not line.settings.get("account_sid"):
            told_why = _("No provider is connected: the line takes no calls and makes none.")
            yield Check(name=_("Provider"), is_well=False, told=told_why)
            return
        try:
            told = rest.get(line, "")
        except (RefusedEffectError, TemporaryEffectError) as error:
            yield Check(name=_("Sign in"), is_well=False, told=str(error))
            return
        except Exception as error:
            yield Check(name=_("Sign in"), is_well=False, told=_("No answer: %(error)s") % {"error": error})
            return
        is_active = told.get("status", "active") == "active"
        yield Check(name=_("Sign in"), is_well=is_active, told="" if is_active else _("The account is not active."))
        yield from self._check_number(line)
        yield _check_browser(line)

    def _check_number(self, line: Line) -> Iterable[Check]:
        told = rest.get(line, "IncomingPhoneNumbers.json", {"PhoneNumber": line.address})
        numbers = told.get("incoming_phone_numbers", [])
        if not numbers:
            yield Check(
                name=_("Number"), is_well=False,
                told=_("%(number)s is no number of this account.") % {"number": line.address or "–"},
            )  # fmt: skip
            return
        wanted = f"{line.webhook_url}voice/"
        is_ours = str(numbers[0].get("voice_url", "")).rstrip("/") == wanted.rstrip("/")
        yield Check(
            name=_("Number"), is_well=is_ours,
            told="" if is_ours else _("Its voice address is not ours; set it to %(url)s") % {"url": wanted},
        )  # fmt: skip


def _check_browser(line: Line) -> Check:
    """Whether agents can talk in the desk. A number works without: it has its menu, and agents their own telephones."""
    name = _("Telephone in the browser")
    if line.settings.get("api_key_sid") and line.secrets.get("api_key_secret"):
        return Check(name=name, is_well=True)
    told = _("Telephony works, only the telephone in the browser does not: it needs an API key (SID and secret).")
    if line.settings.get("agent_numbers"):
        told += " " + _("Until then agents are called at their own telephones.")
    else:
        told += " " + _("Until then nobody can take a call: no agent's own telephone is entered either.")
    return Check(name=name, is_well=True, is_warning=True, told=told)


def _began(form: Mapping[str, str]) -> CallTold:
    data = {
        "from": form.get("From", ""),
        "to": form.get("To", ""),
        "name": form.get("CallerName", ""),
        # What the carriers say of the number (STIR/SHAKEN).
        "verified": form.get("StirVerstat", ""),
    }
    return CallTold(
        kind=Told.BEGAN, key=f"{form['CallSid']}:began", call_id=form["CallSid"], leg=form["CallSid"], data=data
    )


def _of_leg(form: Mapping[str, str], ours: Mapping[str, str]) -> tuple[CallTold, ...]:
    state, leg = form.get("CallStatus", ""), form.get("CallSid", "")
    kind = STATES.get(state)
    if kind is None:
        return ()
    told = CallTold(
        kind=kind,
        key=f"{leg}:{state}",
        call_id=leg,
        call=ours.get("call", ""),
        leg=leg,
        agent=ours.get("agent", ""),
        at=_moment(form.get("Timestamp")),
        number=_number(form.get("SequenceNumber")),
        data={"reason": state if kind == Told.LEG_ENDED else "", "role": ours.get("role", "")},
    )
    return (told,)


def _of_room(form: Mapping[str, str], ours: Mapping[str, str]) -> tuple[CallTold, ...]:
    event, room, leg = form.get("StatusCallbackEvent", ""), form.get("ConferenceSid", ""), form.get("CallSid", "")
    kind = ROOM.get(event)
    if kind is None:
        return ()
    label = form.get("ParticipantLabel", "")
    told = CallTold(
        kind=kind,
        key=f"{room}:{event}:{leg}:{form.get('SequenceNumber') or form.get('Timestamp', '')}",
        call=ours.get("call", "") or form.get("FriendlyName", ""),
        leg="" if kind in {Told.ROOM_BEGAN, Told.ROOM_ENDED} else leg,
        agent="" if label == CUSTOMER else label,
        at=_moment(form.get("Timestamp")),
        number=_number(form.get("SequenceNumber")),
        data={"room": room, "role": CUSTOMER if label == CUSTOMER else ""},
    )
    return (told,)


def _of_recording(form: Mapping[str, str], ours: Mapping[str, str]) -> tuple[CallTold, ...]:
    recording, state = form.get("RecordingSid", ""), form.get("RecordingStatus", "")
    if not recording:
        raise UnreadableDeliveryError("no RecordingSid")
    told = CallTold(
        kind=Told.RECORDING,
        key=f"{recording}:{state}",
        call_id=form.get("CallSid", ""),
        call=ours.get("call", ""),
        at=_moment(form.get("RecordingStartTime")),
        data={
            "recording": recording,
            "state": state,
            "seconds": _number(form.get("RecordingDuration")),
            "kind": ours.get("kind", "call"),
        },
    )
    return (told,)


def _moment(text: str | None) -> datetime | None:
    """RFC 2822, as the provider writes all its times; what is none is no time."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.utcoffset() == timedelta() else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


FIELDS: Final = (
    Field(name="account_sid", label=gettext_lazy("Account SID"), is_required=True),
    Field(name="auth_token", label=gettext_lazy("Auth token"), kind="secret", is_required=True),
    Field(
        name="api_key_sid",
        label=gettext_lazy("API key SID"),
        help=gettext_lazy("For the telephone in the browser."),
    ),
    Field(name="api_key_secret", label=gettext_lazy("API key secret"), kind="secret"),
    Field(
        name="recording",
        label=gettext_lazy("Recording"),
        kind="choice",
        choices=(
            ("off", gettext_lazy("Never")),
            ("asked", gettext_lazy("When the agent starts it")),
            ("always", gettext_lazy("Every call")),
        ),
        default="off",
    ),
    Field(
        name="consent",
        label=gettext_lazy("Announcement before a recording"),
        help=gettext_lazy("Callers hear it before anything else; without it nothing is recorded."),
    ),
    Field(
        name="countries",
        label=gettext_lazy("Countries that may be called"),
        kind="lines",
        help=gettext_lazy("Two letters each; empty: only the country of the line's own number."),
    ),
    Field(name="calls_per_minute", label=gettext_lazy("Calls out in a minute, at most"), kind="number", default=10),
    Field(
        name="agent_numbers",
        label=gettext_lazy("Agents who answer by their own telephone"),
        kind="lines",
        help=gettext_lazy("One a line: alice@example.com = +441134960777. They press a key to take a call."),
        is_rare=True,
    ),
    Field(name="music", label=gettext_lazy("Music while waiting (address of a sound file)"), kind="url"),
    Field(
        name="api_base",
        label=gettext_lazy("Address of the provider's interface"),
        kind="url",
        default=rest.USUAL_BASE,
        is_rare=True,
    ),
)
