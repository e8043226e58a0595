"""Where a telephone asks what a caller is to hear, and tells how the call goes. Verified like every webhook."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.calls.flows import EnterQueue, HangUp, Place, TakeMessage, Way
from interactions.calls.models import Call, Recording
from interactions.calls.selectors import call_by_id, call_by_leg
from interactions.calls.selectors.standing import consent_words
from interactions.calls.services import answer_step, end_flow, note_alive, start_flow, take_callback
from interactions.channels.contract import Adapter, Answer, Line, Request
from interactions.channels.models import Inbox
from interactions.channels.voice.control import ControlledVoiceAdapter
from interactions.channels.voice.twiml import CONTENT_TYPE, Twiml, hang_up
from interactions.doors.voice import answering
from interactions.doors.webhooks.services import Taken
from interactions.doors.webhooks.views import enter

Teller = Callable[[Inbox, Line, Call, Mapping[str, str]], str]
AGENTS: Final = "agent-"


@csrf_exempt  # machines without a session; each adapter verifies who they are
@require_POST
def answered(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A call comes in. A telephone that takes no orders hears in JSON what it may do with it."""
    return enter(request, public_id, answer=_first)


def _first(inbox: Inbox, adapter: Adapter, line: Line, request: Request, taken: Taken | None) -> Answer:
    if not isinstance(adapter, ControlledVoiceAdapter):
        return _advice(inbox, line, adapter, request, is_understood=taken is None or taken.is_understood)
    heard = start_flow(inbox=inbox, leg=_form(request).get("CallSid", ""), now=timezone.now())
    return _twiml(answering.beginning(line, heard.call, heard.way) if heard is not None else hang_up())


def _advice(inbox: Inbox, line: Line, adapter: Adapter, request: Request, *, is_understood: bool) -> Answer:
    """What a telephone system may do with a new call: send it to a queue, take a message, or turn it away."""
    told = json.loads(adapter.answer(line, request, is_understood=is_understood).content)
    call = call_by_leg(inbox, _call_id(request)) if is_understood else None
    if call is not None and inbox.flow_id is not None and not call.step:
        heard = start_flow(inbox=inbox, leg=call.provider_id, now=timezone.now())
        told |= _advised(heard.call, heard.way) if heard is not None else {}
    return Answer(content=json.dumps(told), content_type="application/json")


def _advised(call: Call, way: Way) -> dict[str, str]:
    last = way.instructions[-1] if way.instructions else HangUp()
    if isinstance(last, EnterQueue):
        return {"action": "queue", "queue": call.queue.name if call.queue is not None else ""}
    return {"action": "voicemail" if isinstance(last, TakeMessage) else "reject"}


def _call_id(request: Request) -> str:
    if request.body.lstrip()[:1] == b"{":
        try:
            return str(json.loads(request.body).get("call_id", ""))
        except (ValueError, AttributeError):
            return ""
    return _form(request).get("call_id", "")


def telling(tell: Teller, *, keeps: bool) -> Callable[..., HttpResponse]:
    """A view that answers about one call, which the signed address names. `keeps`: what was told is kept first."""

    @csrf_exempt
    @require_POST
    def view(request: HttpRequest, public_id: UUID) -> HttpResponse:
        return enter(request, public_id, answer=answer, keeps=keeps)

    def answer(inbox: Inbox, _adapter: Adapter, line: Line, request: Request, _taken: Taken | None) -> Answer:
        query = dict(request.query)
        call = call_by_id(inbox, query.get("call", ""))
        if call is None:
            # A status that the number's own settings send names no call of ours, and needs no answer.
            return _twiml(str(Twiml()) if tell is _nothing else hang_up())
        return _twiml(tell(inbox, line, call, {**query, **_form(request)}))

    return view


def _nothing(_inbox: Inbox, _line: Line, _call: Call, _told: Mapping[str, str]) -> str:
    return str(Twiml())


def _menu(inbox: Inbox, _adapter: Adapter, line: Line, request: Request, _taken: Taken | None) -> Answer:
    told = {**dict(request.query), **_form(request)}
    place = Place(
        step=told.get("step", ""),
        language=told.get("language", "en")[:10],
        taken=_count(told.get("taken")),
        tried=_count(told.get("tried")),
    )
    try:
        call_id = UUID(told.get("call", ""))
    except ValueError:
        return _twiml(hang_up())
    digits, now = told.get("Digits", ""), timezone.now()
    heard = answer_step(inbox=inbox, call_id=call_id, place=place, digits=digits, now=now)
    return _twiml(answering.going_on(line, heard.call, heard.way) if heard is not None else hang_up())


@csrf_exempt
@require_POST
def menu(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A caller keyed in something at a step of the flow, or nothing."""
    return enter(request, public_id, answer=_menu)


def _wait(_inbox: Inbox, line: Line, call: Call, told: Mapping[str, str]) -> str:
    now = timezone.now()
    note_alive(call_id=call.pk, now=now)
    return answering.waiting(line, call, times=_count(told.get("n")), now=now)


def _callback(inbox: Inbox, line: Line, call: Call, told: Mapping[str, str]) -> str:
    times = _count(told.get("n"))
    is_kept = bool(told.get("Digits")) and take_callback(inbox=inbox, call_id=call.public_id, now=timezone.now())
    return answering.called_back(call, is_kept=is_kept, line=line, times=times)


def _left_queue(_inbox: Inbox, _line: Line, call: Call, told: Mapping[str, str]) -> str:
    """What the provider says when a caller left its queue; brought to an agent, they are told nothing more."""
    if told.get("QueueResult") in {"bridged", "redirected", "redirected-from-bridged", "hangup"}:
        return str(Twiml())
    return hang_up()


def _voicemail(_inbox: Inbox, _line: Line, call: Call, _told: Mapping[str, str]) -> str:
    return answering.thanked(call)


def _elsewhere(inbox: Inbox, _line: Line, call: Call, _told: Mapping[str, str]) -> str:
    end_flow(inbox=inbox, call_id=call.public_id, now=timezone.now())
    return hang_up()


def _queue(_inbox: Inbox, line: Line, call: Call, _told: Mapping[str, str]) -> str:
    answer = Twiml()
    answering.into_the_queue(answer, line, call)
    return str(answer)


def _to_room(_inbox: Inbox, line: Line, call: Call, _told: Mapping[str, str]) -> str:
    return str(answering.room(line, call, label="customer", starts=False))


def _customer(_inbox: Inbox, line: Line, call: Call, _told: Mapping[str, str]) -> str:
    """A customer whom we called has answered: told that it is recorded, where it is, and brought to the agent."""
    answer, language = answering.room(line, call, label="customer", starts=True), answering.language_of(call)
    words = consent_words(call.inbox, language)
    if not words:
        return str(answer)
    told = Twiml()
    told.say(words, language)
    told.redirect(answering.address(line, call, "to-room"))
    return str(told)


def _agent(_inbox: Inbox, line: Line, call: Call, told: Mapping[str, str]) -> str:
    """An agent's leg, or somebody's who was asked, was answered."""
    agent = told.get("agent", "")
    label = agent if agent.startswith(AGENTS) else f"other-{told.get('CallSid', '')}"
    if told.get("asks") == "yes" and not told.get("Digits"):
        return answering.asked_to_take(line, call, agent=agent)
    if "Digits" in told and not told["Digits"]:
        return hang_up()
    return str(answering.room(line, call, label=label, starts=True))


def _hold(_inbox: Inbox, line: Line, _call: Call, _told: Mapping[str, str]) -> str:
    return answering.holding(line)


status = telling(_nothing, keeps=True)
room = telling(_nothing, keeps=True)
recording = telling(_nothing, keeps=True)
callback = telling(_callback, keeps=True)
left_queue = telling(_left_queue, keeps=False)
voicemail = telling(_voicemail, keeps=False)
elsewhere = telling(_elsewhere, keeps=True)
wait = telling(_wait, keeps=False)
queue = telling(_queue, keeps=False)
to_room = telling(_to_room, keeps=False)
customer = telling(_customer, keeps=False)
agent = telling(_agent, keeps=False)
hold = telling(_hold, keeps=False)


@require_GET
@needs(Ability.SEE_CUSTOMERS)
def listen(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """A recording, for who may see its contact; that they listened is remembered."""
    recording = get_object_or_404(
        Recording.objects.visible_to(request.user).select_related("call"),
        public_id=public_id,
        state=Recording.State.KEPT,
    )
    record_read(
        request=request,
        action=AuditEntry.Action.READ,
        object_kind="recording",
        object_id=recording.pk,
        details={"interaction": recording.call.interaction_id},
    )
    try:
        with recording.file.open() as sound:
            content = sound.read()
    except OSError:
        raise Http404 from None
    response = _part(content, request.headers.get("range", ""))
    response["Content-Type"] = recording.content_type or "audio/mpeg"
    response["Content-Disposition"] = f'inline; filename="{recording.public_id}.mp3"'
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def _part(content: bytes, asked: str) -> HttpResponse:
    """The whole, or the one part that a player that jumps asks for."""
    found = re.fullmatch(r"bytes=(\d{1,12})-(\d{0,12})", asked)
    if found is None:
        return HttpResponse(content)
    start, end = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
    if start > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    told = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
    return HttpResponse(content[start : end + 1], status=206, headers=told)


def _form(request: Request) -> dict[str, str]:
    return dict(request.form())


def _count(told: str | None) -> int:
    return int(told) if told is not None and told.isascii() and told.isdigit() and len(told) < 5 else 0


def _twiml(content: str) -> Answer:
    return Answer(content=content, content_type=CONTENT_TYPE)
