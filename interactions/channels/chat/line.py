"""What a chat line is told in its settings, read once and in order: nothing in there is trusted to have its shape."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils.text import slugify

LANGUAGES: Final = tuple(code for code, _ in settings.LANGUAGES)
QUESTION_KINDS: Final = ("text", "email", "tel", "textarea", "select", "checkbox")
POSITIONS: Final = ("right", "left")
WANTS_EMAIL: Final = ("no", "offline", "always")
WHEN_NOBODY: Final = ("wait", "form")
MOST_QUESTIONS: Final = 12
ACCENT: Final = "#1f6feb"
COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that is asked before the chat begins."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChatLine:
    """A chat line as its door and its widget see it."""

    origins: frozenset[str]
    title: str
    intro: str
    accent: str
    position: str
    language: str
    questions: tuple[Question, ...]
    wants_email: str
    when_nobody: str
    away: timedelta
    takes_files: bool


def read_line(given: Mapping[str, Any], *, name: str) -> ChatLine:
    """The line that these settings make; what is missing or is none takes its default."""
    return ChatLine(
        origins=origins_of(given.get("origins")),
        title=str(given.get("title") or name)[:80],
        intro=str(given.get("intro") or "")[:300],
        accent=_one(given.get("accent"), ACCENT, COLOUR),
        position=_choice(given.get("position"), POSITIONS),
        language=_choice(given.get("language"), LANGUAGES),
        questions=tuple(_questions(given.get("questions"))),
        wants_email=_choice(given.get("wants_email"), WANTS_EMAIL),
        when_nobody=_choice(given.get("when_nobody"), WHEN_NOBODY),
        away=timedelta(minutes=_minutes(given.get("away_minutes"))),
        takes_files=given.get("takes_files", True) is not False,
    )


def page_address(line: UUID) -> str:
    """Where a page of ours shows a line's chat: for centres without a site, and for links in messages."""
    return f"{settings.BASE_URL.rstrip('/')}/chat/{line}/"


def origins_of(given: Any) -> frozenset[str]:
    """The sites that may embed the chat, and ourselves. Exact ones: no patterns, no paths."""
    told = given.split() if isinstance(given, str) else given if isinstance(given, list | tuple) else []
    named = (origin_of(str(one)) for one in [*told, settings.BASE_URL])
    return frozenset(origin for origin in named if origin)


def origin_of(url: str) -> str:
    """The origin of an address as a browser writes it; "" if it has none."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username or parts.password:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}")


def _questions(given: Any) -> Sequence[Question]:
    """Each an object, or a line of words: "Order number *" is asked for, "Topic: Delivery, Refund" is a choice."""
    told = given.splitlines() if isinstance(given, str) else given if isinstance(given, list | tuple) else []
    found: dict[str, Question] = {}
    for one in told[:MOST_QUESTIONS]:
        question = _question(one) if isinstance(one, Mapping) else _question_in_words(str(one))
        if question is not None:
            found.setdefault(question.name, question)
    return [*found.values()]


def _question(given: Mapping[str, Any]) -> Question | None:
    label = str(given.get("label") or given.get("name") or "").strip()[:120]
    name = _name(str(given.get("name") or label))
    if not label or not name:
        return None
    options = given.get("choices")
    choices = tuple(_option(option) for option in options[:50]) if isinstance(options, list | tuple) else ()
    return Question(
        name=name,
        label=label,
        kind=_choice(given.get("kind"), QUESTION_KINDS),
        required=given.get("required") is True,
        choices=choices,
    )


def _question_in_words(line: str) -> Question | None:
    words, _, options = line.partition(":")
    label = words.strip().rstrip("*").strip()[:120]
    name = _name(label)
    if not name:
        return None
    choices = tuple(_option(option.strip()) for option in options.split(",") if option.strip())
    return Question(
        name=name,
        label=label,
        kind="select" if choices else "text",
        required=words.strip().endswith("*"),
        choices=choices[:50],
    )


def _option(option: Any) -> tuple[str, str]:
    if isinstance(option, Mapping):
        value = str(option.get("value") or option.get("label") or "")
        return value[:200], str(option.get("label") or value)[:200]
    if isinstance(option, list | tuple) and len(option) == 2:
        return str(option[0])[:200], str(option[1])[:200]
    return str(option)[:200], str(option)[:200]


def _name(text: str) -> str:
    return slugify(text).replace("-", "_")[:40]


def _choice(given: Any, options: tuple[str, ...]) -> str:
    return str(given) if given in options else options[0]


def _one(given: Any, default: str, shape: re.Pattern[str]) -> str:
    return given if isinstance(given, str) and shape.fullmatch(given) else default


def _minutes(given: Any) -> int:
    try:
        return min(max(int(given), 1), 60)
    except (TypeError, ValueError):
        return 3
