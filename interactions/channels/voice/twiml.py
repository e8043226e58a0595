"""TwiML, put together by the provider's own classes so that it is well-formed whatever is said in it."""

import re
from collections.abc import Sequence
from typing import Final

from twilio.twiml.voice_response import VoiceResponse

CONTENT_TYPE: Final = "application/xml; charset=utf-8"
# XML knows no way to write these, escaped or not.
UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Voices of the provider by our language; others are given as they are.
LANGUAGES: Final = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR", "es": "es-ES", "it": "it-IT", "nl": "nl-NL"}
ROOM_EVENTS: Final = "start end join leave hold"
LEG_EVENTS: Final = ("initiated", "ringing", "answered", "completed")
# A minute of music without rights, kept by the provider; a line's settings may name another.
MUSIC: Final = "https://demo.twilio.com/docs/classic.mp3"
LONGEST_TEXT: Final = 4000


class Twiml:
    """One answer, verb after verb."""

    def __init__(self) -> None:
        self._response = VoiceResponse()

    def __str__(self) -> str:
        return str(self._response)

    def say(self, text: str, language: str) -> None:
        """Words; none are no verb."""
        spoken = writable(text)
        if spoken:
            self._response.say(spoken, language=LANGUAGES.get(language, language))

    def play(self, url: str, *, loop: int = 1) -> None:
        self._response.play(url, loop=loop)

    def pause(self, seconds: int) -> None:
        self._response.pause(length=seconds)

    def listen(self, text: str, language: str, *, action: str, timeout: int, digits: int | None, finish: str) -> None:
        """Words, during which and after which keys count; without any the action is asked all the same."""
        options: dict[str, object] = {"num_digits": digits} if digits else {}
        gather = self._response.gather(
            input="dtmf",
            action=action,
            method="POST",
            timeout=timeout,
            finish_on_key=finish,
            action_on_empty_result=True,
            **options,
        )
        spoken = writable(text)
        if spoken:
            gather.say(spoken, language=LANGUAGES.get(language, language))

    def enqueue(self, name: str, *, wait_url: str, action: str) -> None:
        self._response.enqueue(name, wait_url=wait_url, wait_url_method="POST", action=action, method="POST")

    def leave(self) -> None:
        self._response.leave()

    def redirect(self, url: str) -> None:
        self._response.redirect(url, method="POST")

    def hang_up(self) -> None:
        self._response.hangup()

    def reject(self) -> None:
        self._response.reject(reason="busy")

    def record(self, *, action: str, status: str, max_seconds: int) -> None:
        self._response.record(
            action=action,
            method="POST",
            max_length=max_seconds,
            play_beep=True,
            finish_on_key="#",
            timeout=5,
            recording_status_callback=status,
            recording_status_callback_method="POST",
            recording_status_callback_event="completed absent",
        )

    def dial_number(self, number: str, *, caller: str, action: str) -> None:
        dial = self._response.dial(action=action, method="POST", caller_id=caller or None, timeout=30)
        dial.number(writable(number))

    def room(self, name: str, *, status: str, label: str, starts: bool, music: str, ends: bool = False) -> None:
        """Into the room in which a call's legs meet; with `starts` it begins now, with `ends` it ends with this leg."""
        dial = self._response.dial()
        dial.conference(
            name,
            start_conference_on_enter=starts,
            end_conference_on_exit=ends,
            beep="false",
            wait_url=music,
            wait_method="POST",
            participant_label=label,
            status_callback=status,
            status_callback_method="POST",
            status_callback_event=ROOM_EVENTS,
            max_participants=10,
        )


def writable(text: str) -> str:
    """Text that XML can hold and a caller can bear."""
    return UNWRITABLE.sub(" ", text)[:LONGEST_TEXT].strip()


def hang_up() -> str:
    """The answer that ends a call."""
    answer = Twiml()
    answer.hang_up()
    return str(answer)


def spoken_digits(digits: str) -> str:
    """Digits one by one, as a voice should read them."""
    return " ".join(digits)


def joined(parts: Sequence[str]) -> str:
    """Sentences in a row."""
    return " ".join(part for part in parts if part)
