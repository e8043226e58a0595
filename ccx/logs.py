"""Structured logs, one JSON object a line, without secrets and without a customer's words.

Ours log ids and codes. Libraries log what they like, so everything passes `redact` on its way out: values under
suspicious names are dropped, credentials, addresses and numbers inside texts are masked, and of an exception only
type and place are kept (its message may quote a row or a request).
"""

import logging
import re
import traceback
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
SECRET_NAME = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|api_?key|session|csrf|signature|credential|private|dsn", re.IGNORECASE
)
WORDS_NAME = re.compile(
    r"^(body|text|html|content|subject|message_text|note|comment|first_name|last_name|customer_name|e?mail|phone"
    r"|address|value|payload|raw|data|args|kwargs|query|sql|params|form|answer|username|login|ip|user_agent)$",
    re.IGNORECASE,
)
MASKS = [
    (re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)"), HIDDEN),
    (re.compile(r"\b(Bearer|Basic|Token|Api-Key)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b(\w*(?:passw|secret|token|api_?key)\w*)\s*[=:]\s*[^\s&,;]+", re.IGNORECASE), rf"\1={HIDDEN}"),
    # Secrets that stand in a path: links to surveys, first passwords and new passwords.
    (re.compile(r"(/(?:s|first-password|reset/key))/[^/\s\"']+"), rf"\1/{HIDDEN}"),
    (re.compile(r"\?[^\s\"']+"), "?" + HIDDEN),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\+\d[\d ()./-]{6,}\d"), "[number]"),
    (re.compile(r"\bDETAIL:.*", re.DOTALL), "DETAIL: " + HIDDEN),
]
# Exceptions whose message speaks of code and machines, never of rows.
TELLING = (OSError, ImportError, AttributeError, NameError, TypeError)


def mask(text: str) -> str:
    """Replace what looks like a credential, an e-mail address or a phone number."""
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def _clean(name: str, value: Any) -> Any:
    if SECRET_NAME.search(name) or WORDS_NAME.match(name):
        return HIDDEN
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {str(key): _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean(name, item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return mask(str(value))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: the last look at a line before it leaves."""
    return {key: _clean(key, value) for key, value in event.items()}


def exception_without_words(
    exc_type: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> str:
    """Type and place of an exception, and of what caused it; the message only where it cannot quote a row."""
    told = f": {mask(str(error))}" if error and isinstance(error, TELLING) else ""
    places = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
    lines = [*places, f"{exc_type.__module__}.{exc_type.__qualname__}{told}"]
    cause = (error.__cause__ or error.__context__) if error else None
    if cause:
        lines = [exception_without_words(type(cause), cause, cause.__traceback__), "then", *lines]
    return "\n".join(lines)


def describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn exc_info into `exception` without its message."""
    info = event.pop("exc_info", None)
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info is True:
        import sys

        info = sys.exc_info()
    if isinstance(info, tuple) and info[0] is not None:
        event["exception"] = exception_without_words(*info)
    return event


class QuietAboutArguments(logging.Filter):
    """Celery puts the failing task's exception and traceback into its message; ours keeps name and id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; never drop it."""
        if isinstance(record.args, dict) and "name" in record.args and "id" in record.args:
            told = record.args.get("description") or ("succeeded" if "runtime" in record.args else "received")
            record.msg = f"Task {record.args['name']}[{record.args['id']}] {told}"
            record.args = ()
        return True


BEFORE: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_structlog() -> None:
    """Loggers made by structlog.get_logger() end in the same handler as everybody else's."""
    structlog.configure(
        processors=[
            *BEFORE,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """The value of settings.LOGGING."""
    last = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": BEFORE,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    describe_exception,
                    redact,
                    last,
                ],
            }
        },
        "filters": {"quiet": {"()": "ccx.logs.QuietAboutArguments"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["quiet"]}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # Statements carry values.
            "django.db.backends": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            # Each tick, wake-up and pump would be a line or three, many a second.
            "django_structlog.celery": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
