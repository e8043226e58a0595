"""What a caller hears before an agent, as data: how a flow must look, and what each of its steps does.

A flow is {"start": name, "steps": {name: step}}. A step has a `kind`, and words as {"en": "...", "de": "..."} or one
text for all. Pure: a flow and where the caller stands give instructions; doors put them into the provider's words.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interactions.calls.errors import FlowIsWrongError

MAX_STEPS: Final = 20
MAX_TEXT: Final = 3000
KEYS: Final = frozenset("0123456789*#")
TEXT: Final = "text"
# What each kind must have, what it may have, and which of its entries name a next step.
KINDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]] = {
    "say": (frozenset({"text", "next"}), frozenset(), frozenset({"next"})),
    "menu": (
        frozenset({"text", "choices"}),
        frozenset({"tries", "timeout", "otherwise", "languages"}),
        frozenset({"otherwise"}),
    ),
    "gather": (
        frozenset({"text", "next"}),
        frozenset({"digits", "finish", "tries", "timeout", "otherwise", "is_secret"}),
        frozenset({"next", "otherwise"}),
    ),
    "hours": (frozenset({"open", "closed"}), frozenset(), frozenset({"open", "closed"})),
    "queue": (frozenset(), frozenset({"queue", "text", "callback_key", "music", "full", "most"}), frozenset({"full"})),
    "callback": (frozenset(), frozenset({"queue", "text", "declined", "key"}), frozenset({"declined"})),
    "voicemail": (frozenset(), frozenset({"queue", "text", "max_seconds"}), frozenset()),
    "transfer": (frozenset({"number"}), frozenset({"text"}), frozenset()),
    "hang_up": (frozenset(), frozenset({"text", "is_resolved"}), frozenset()),
}
ANY: Final = frozenset({"kind", "language"})


@dataclass(frozen=True, kw_only=True)
class Speak:
    """Words to the caller."""

    text: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Words, and then keys are waited for. `tried` counts how often nothing useful came."""

    step: str
    text: str
    language: str
    tried: int
    timeout: int = 5
    digits: int | None = None
    finish: str = ""


@dataclass(frozen=True, kw_only=True)
class EnterQueue:
    step: str
    queue: str
    language: str


@dataclass(frozen=True, kw_only=True)
class TakeMessage:
    """Record what the caller says."""

    step: str
    text: str
    language: str
    queue: str
    max_seconds: int


@dataclass(frozen=True, kw_only=True)
class KeepPlace:
    """The caller wants to be called back."""

    step: str
    queue: str
    language: str


@dataclass(frozen=True, kw_only=True)
class CallElsewhere:
    step: str
    number: str
    text: str
    language: str


@dataclass(frozen=True, kw_only=True)
class HangUp:
    """The end. `is_resolved`: the caller got what they wanted without an agent."""

    is_resolved: bool = False


Instruction = Speak | Listen | EnterQueue | TakeMessage | KeepPlace | CallElsewhere | HangUp


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a caller stands: the step they go to, in which language, after how many steps."""

    step: str
    language: str
    taken: int = 0
    tried: int = 0


@dataclass(frozen=True, kw_only=True)
class Way:
    """What the caller is told now, and where they stand then."""

    instructions: tuple[Instruction, ...]
    place: Place
    answers: Mapping[str, str] = field(default_factory=dict)


def check_flow(definition: Mapping[str, Any], *, queues: frozenset[str] | None = None) -> None:
    """Raise FlowIsWrongError with everything that is wrong, each with the step it is in."""
    problems = list(_problems(definition, queues))
    if problems:
        raise FlowIsWrongError("; ".join(problems), problems=problems)


def begin(definition: Mapping[str, Any], *, language: str, is_open: Callable[[str], bool]) -> Way:
    """What a caller hears first."""
    return go(definition, Place(step=str(definition["start"]), language=language), is_open=is_open)


def answer(definition: Mapping[str, Any], place: Place, digits: str, *, is_open: Callable[[str], bool]) -> Way:
    """What a caller hears who keyed in `digits` at a step that listens ("" if they did not)."""
    step = definition["steps"].get(place.step, {})
    if step.get("kind") == "callback" and digits == str(step.get("key", "1")):
        kept = KeepPlace(step=place.step, queue=str(step.get("queue", "")), language=place.language)
        return Way(instructions=(kept,), place=place)
    target, language, answers = _target(step, place, digits)
    if target is None:
        again = Place(step=place.step, language=place.language, taken=place.taken, tried=place.tried + 1)
        return go(definition, again, is_open=is_open)
    return _with(go(definition, Place(step=target, language=language, taken=place.taken), is_open=is_open), answers)


def go(definition: Mapping[str, Any], place: Place, *, is_open: Callable[[str], bool]) -> Way:
    """Take steps until one waits for the caller or ends the flow; after MAX_STEPS the caller is let go."""
    told: list[Instruction] = []
    name, language, taken, tried = place.step, place.language, place.taken, place.tried
    while True:
        step = definition.get("steps", {}).get(name)
        taken += 1
        if step is None or taken > MAX_STEPS:
            told.append(_way_out(definition, language) if step is not None else HangUp())
            break
        language = str(step.get("language") or language)
        kind = step["kind"]
        if kind == "say":
            told.append(Speak(text=words(step, language), language=language))
            name = step["next"]
        elif kind == "hours":
            name = step["open"] if is_open(name) else step["closed"]
        else:
            told += _last(name, step, language, tried)
            break
        tried = 0
    return Way(instructions=tuple(told), place=Place(step=name, language=language, taken=taken, tried=tried))


def words(step: Mapping[str, Any], language: str, name: str = TEXT) -> str:
    """The words of a step in a language, else in whatever it has."""
    text = step.get(name) or ""
    if isinstance(text, str):
        return text
    return str(text.get(language) or text.get("en") or next(iter(text.values()), ""))


def is_refused(step: Mapping[str, Any], tried: int) -> bool:
    """Whether a step that listens has asked often enough."""
    return tried >= int(step.get("tries", 3))


def _with(way: Way, answers: Mapping[str, str]) -> Way:
    return Way(instructions=way.instructions, place=way.place, answers={**answers, **way.answers})


def _target(step: Mapping[str, Any], place: Place, digits: str) -> tuple[str | None, str, dict[str, str]]:
    """Where keys lead from a step that listens; None: it asks again."""
    kind, language = step.get("kind"), place.language
    if kind == "menu" and digits in step["choices"]:
        return step["choices"][digits], str((step.get("languages") or {}).get(digits) or language), {place.step: digits}
    if kind == "gather" and digits and (not step.get("digits") or len(digits) == step["digits"]):
        kept = "" if step.get("is_secret") else digits[:40]
        return step["next"], language, {place.step: kept}
    if kind == "callback" and digits:
        return step.get("declined", ""), language, {}
    if is_refused(step, place.tried + 1):
        return step.get("otherwise", ""), language, {}
    return None, language, {}


def _last(name: str, step: Mapping[str, Any], language: str, tried: int) -> list[Instruction]:
    kind, text = step["kind"], words(step, language)
    spoken: list[Instruction] = [Speak(text=text, language=language)] if text else []
    if kind in {"menu", "gather", "callback"}:
        return [
            Listen(
                step=name,
                text=text,
                language=language,
                tried=tried,
                timeout=int(step.get("timeout", 5)),
                digits=1 if kind != "gather" else step.get("digits"),
                finish=str(step.get("finish", "#")) if kind == "gather" else "",
            )
        ]
    if kind == "queue":
        return [*spoken, EnterQueue(step=name, queue=str(step.get("queue", "")), language=language)]
    if kind == "voicemail":
        seconds = int(step.get("max_seconds", 120))
        queue = str(step.get("queue", ""))
        return [TakeMessage(step=name, text=text, language=language, queue=queue, max_seconds=seconds)]
    if kind == "transfer":
        return [CallElsewhere(step=name, number=str(step["number"]), text=text, language=language)]
    return [*spoken, HangUp(is_resolved=bool(step.get("is_resolved")))]


def _way_out(definition: Mapping[str, Any], language: str) -> Instruction:
    """Where a caller goes who went round in circles: into the first queue there is, else nowhere."""
    for name, step in definition["steps"].items():
        if step.get("kind") == "queue":
            return EnterQueue(step=name, queue=str(step.get("queue", "")), language=language)
    return HangUp()


def _problems(definition: Mapping[str, Any], queues: frozenset[str] | None) -> Iterator[str]:
    told: Any = definition
    steps = told.get("steps") if isinstance(told, Mapping) else None
    if not isinstance(steps, Mapping) or not steps:
        yield "a flow needs steps"
        return
    if definition.get("start") not in steps:
        yield f"the flow starts at {definition.get('start')!r}, which is no step"
    for name, step in steps.items():
        if not isinstance(step, Mapping):
            yield f"{name}: a step is an object"
        elif step.get("kind") not in KINDS:
            yield f"{name}: there is no kind {step.get('kind')!r}"
        else:
            yield from (f"{name}: {problem}" for problem in _problems_of_step(step, steps, queues))
    if not any(isinstance(step, Mapping) and step.get("kind") not in {"say", "hours"} for step in steps.values()):
        yield "the flow has no end: nothing but words and hours"


def _problems_of_step(
    step: Mapping[str, Any], steps: Mapping[str, Any], queues: frozenset[str] | None
) -> Iterator[str]:
    needs, may, leads = KINDS[step["kind"]]
    for missing in sorted(needs - set(step)):
        yield f"needs {missing!r}"
    for unknown in sorted(set(step) - needs - may - ANY):
        yield f"does not know {unknown!r}"
    targets = {name: step[name] for name in leads if step.get(name)}
    if isinstance(step.get("choices"), Mapping):
        targets |= {f"key {key}": target for key, target in step["choices"].items()}
        for key in step["choices"]:
            if len(str(key)) != 1 or key not in KEYS:
                yield f"{key!r} is no key"
    elif "choices" in step:
        yield "choices are an object of keys and steps"
    for name, target in targets.items():
        if target not in steps:
            yield f"{name} leads to {target!r}, which is no step"
    yield from _wrong_values(step, queues)


def _wrong_values(step: Mapping[str, Any], queues: frozenset[str] | None) -> Iterator[str]:
    text = step.get("text", "")
    told = [text] if isinstance(text, str) else list(text.values()) if isinstance(text, Mapping) else [None]
    if any(not isinstance(one, str) or len(one) > MAX_TEXT for one in told):
        yield f"words are text of up to {MAX_TEXT} characters, by language"
    limits = {"tries": (1, 9), "timeout": (1, 60), "digits": (1, 40), "max_seconds": (5, 600), "most": (0, 1000)}
    for name, (low, high) in limits.items():
        value = step.get(name, low)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            yield f"{name} is a number from {low} to {high}"
    if queues is not None and step.get("queue") and str(step["queue"]) not in queues:
        yield f"there is no queue {step['queue']!r}"
