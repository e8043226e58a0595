"""What a caller hears next, as TwiML: from the database only, for somebody is on the line."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from interactions.calls import flows
from interactions.calls.flows import Way
from interactions.calls.models import Call
from interactions.calls.selectors import wait_of
from interactions.calls.selectors.standing import consent_words
from interactions.channels.contract import Line
from interactions.channels.voice.twiml import MUSIC, Twiml

# The music between two announcements, in seconds of a file that loops.
MUSIC_LOOPS: Final = 1


def address(line: Line, call: Call, path: str, **query: object) -> str:
    """An address of ours about a call. It is signed with the request, so what stands in it is ours."""
    told = urlencode({"call": str(call.public_id), **{name: str(value) for name, value in query.items()}})
    return f"{line.webhook_url}voice/{path}/?{told}"


def music(line: Line) -> str:
    return str(line.settings.get("music") or MUSIC)


def language_of(call: Call) -> str:
    """In what language a caller is spoken to."""
    flow = call.inbox.flow
    return str(call.answers.get("_language") or (flow.language if flow is not None else "en"))


def beginning(line: Line, call: Call, way: Way) -> str:
    """The first thing heard: that calls are recorded, where they are; then the flow."""
    answer = Twiml()
    answer.say(consent_words(call.inbox, way.place.language), way.place.language)
    _tell(answer, line, call, way)
    return str(answer)


def going_on(line: Line, call: Call, way: Way) -> str:
    """The flow after an answer."""
    answer = Twiml()
    _tell(answer, line, call, way)
    return str(answer)


def _tell(answer: Twiml, line: Line, call: Call, way: Way) -> None:
    place = way.place
    for one in way.instructions:
        if isinstance(one, flows.Speak):
            answer.say(one.text, one.language)
        elif isinstance(one, flows.Listen):
            where = address(
                line, call, "menu", step=one.step, tried=one.tried, taken=place.taken, language=one.language
            )
            answer.listen(
                one.text, one.language, action=where, timeout=one.timeout, digits=one.digits, finish=one.finish
            )
        elif isinstance(one, flows.EnterQueue):
            into_the_queue(answer, line, call)
        elif isinstance(one, flows.TakeMessage):
            answer.say(one.text, one.language)
            answer.record(
                action=address(line, call, "voicemail"),
                status=address(line, call, "recording", kind="voicemail"),
                max_seconds=one.max_seconds,
            )
        elif isinstance(one, flows.KeepPlace):
            answer.say(_in(one.language, _callback_words), one.language)
            answer.hang_up()
        elif isinstance(one, flows.CallElsewhere):
            answer.say(one.text, one.language)
            answer.dial_number(one.number, caller=line.address, action=address(line, call, "elsewhere"))
        else:
            answer.hang_up()


def into_the_queue(answer: Twiml, line: Line, call: Call) -> None:
    """Wait in the provider's queue of our queue, where music and announcements come from us."""
    name = str(call.queue.public_id) if call.queue is not None else str(line.public_id)
    answer.enqueue(name, wait_url=address(line, call, "wait", n=0), action=address(line, call, "left-queue"))


def waiting(line: Line, call: Call, *, times: int, now: datetime) -> str:
    """While waiting: the place in the queue and how long it may take, the offer to be called back, music."""
    answer, language = Twiml(), language_of(call)
    key = _callback_key(call)
    if call.interaction is not None:
        told = _in(language, lambda: _wait_words(call, now))
        offer = _in(language, lambda: _offer_words(key)) if key and times > 0 else ""
        if offer:
            where = address(line, call, "callback", n=times)
            answer.listen(f"{told} {offer}", language, action=where, timeout=2, digits=1, finish="")
        else:
            answer.say(told, language)
    answer.play(music(line), loop=MUSIC_LOOPS)
    answer.redirect(address(line, call, "wait", n=times + 1))
    return str(answer)


def _callback_key(call: Call) -> str:
    """The key for a callback, where the step that leads to the queue has one and there is a number to call."""
    flow = call.inbox.flow
    if not call.from_number.startswith("+"):
        return ""
    if flow is None:
        return str(call.inbox.settings.get("callback_key", ""))
    step: Mapping[str, object] = flow.definition.get("steps", {}).get(call.step, {})
    return str(step.get("callback_key", ""))


def _wait_words(call: Call, now: datetime) -> str:
    assert call.interaction is not None  # noqa: S101 - told to the type checker; the caller looked
    wait = wait_of(call.interaction, now)
    told = _("You are number %(position)s in the queue.") % {"position": wait.position}
    if wait.minutes is None:
        return told
    minutes = ngettext("It will take about a minute.", "It will take about %(minutes)s minutes.", wait.minutes) % {
        "minutes": wait.minutes
    }
    return f"{told} {minutes}"


def _offer_words(key: str) -> str:
    return _("Press %(key)s and we call you back; you keep your place.") % {"key": key}


def _callback_words() -> str:
    return _("Thank you. We call you back on the number you are calling from. You keep your place in the queue.")


def called_back(call: Call, *, is_kept: bool, line: Line, times: int) -> str:
    """The caller asked to be called back: thanked and let go, or waiting on where it cannot be."""
    answer, language = Twiml(), language_of(call)
    if is_kept:
        answer.say(_in(language, _callback_words), language)
        answer.hang_up()
    else:
        answer.redirect(address(line, call, "wait", n=times + 1))
    return str(answer)


def thanked(call: Call) -> str:
    """After a voicemail."""
    answer, language = Twiml(), language_of(call)
    answer.say(_in(language, lambda: _("Thank you. We come back to you.")), language)
    answer.hang_up()
    return str(answer)


def room(line: Line, call: Call, *, label: str, starts: bool) -> Twiml:
    """Into the room of a call. It is named by the call, and known to nobody else."""
    answer = Twiml()
    answer.room(
        str(call.public_id),
        status=address(line, call, "room"),
        label=label,
        starts=starts,
        music=address(line, call, "hold"),
    )
    return answer


def asked_to_take(line: Line, call: Call, *, agent: str) -> str:
    """An agent's own telephone may be answered by a machine: only who presses a key has the customer."""
    answer, language = Twiml(), language_of(call)
    words = _in(language, lambda: _("A call for you. Press any key to take it."))
    answer.listen(words, language, action=address(line, call, "agent", agent=agent), timeout=8, digits=1, finish="")
    return str(answer)


def holding(line: Line) -> str:
    """Music, again and again."""
    answer = Twiml()
    answer.play(music(line), loop=0)
    return str(answer)


def _in(language: str, words: object) -> str:
    with translation.override(language if translation.check_for_language(language) else "en"):
        return str(words() if callable(words) else words)
