"""Typed reading of request bodies where a serializer per item would cost more than the work itself.

A Shape knows its fields, refuses any other, and returns values or a list of {pointer, code, detail}.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime

Check = Callable[[Any], Any]
Problem = dict[str, str]
# One body can be wrong in any number of ways; this many are told.
MAX_PROBLEMS = 50


class WrongValue(ValueError):  # noqa: N818 - raised and caught within this module's reach only
    """A value is not what its field takes."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


@dataclass(frozen=True)
class Field:
    """How one member is read; absent and null take the default unless it is required."""

    check: "Check | Shape"
    required: bool = False
    default: Any = None


class Shape:
    """An object with known members and no others."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = dict(fields)

    def read(self, data: Any, pointer: str = "") -> tuple[dict[str, Any], list[Problem]]:
        """The values of all fields, and everything wrong with `data`."""
        if not isinstance(data, dict):
            return {}, [wrong(pointer, "not_an_object", "An object is expected.")]
        problems = [
            wrong(f"{pointer}/{_escape(name)}", "unknown_member", "This member is not known.")
            for name in data
            if name not in self.fields
        ]
        values: dict[str, Any] = {}
        for name, field in self.fields.items():
            given = data.get(name)
            if given is None:
                values[name] = field.default
                if field.required:
                    problems.append(wrong(f"{pointer}/{name}", "required", "This member is required."))
                continue
            if isinstance(field.check, Shape):
                values[name], inner = field.check.read(given, f"{pointer}/{name}")
                problems.extend(inner)
                continue
            try:
                values[name] = field.check(given)
            except WrongValue as error:
                problems.append(wrong(f"{pointer}/{name}", error.code, str(error)))
        return values, problems[:MAX_PROBLEMS]


def wrong(pointer: str, code: str, detail: str) -> Problem:
    """One entry of a problem's `errors`; the pointer is a JSON Pointer into the body."""
    return {"pointer": pointer or "/", "code": code, "detail": detail}


def _escape(name: str) -> str:
    return name[:80].replace("~", "~0").replace("/", "~1")


def text(*, max_length: int, min_length: int = 0) -> Check:
    """A string within these lengths."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise WrongValue("not_a_string", "A string is expected.")
        if len(value) > max_length:
            raise WrongValue("too_long", f"At most {max_length} characters.")
        if len(value) < min_length:
            raise WrongValue("too_short", f"At least {min_length} characters.")
        return value

    return check


def integer(*, low: int, high: int) -> Check:
    """A whole number within these bounds; true and false are none."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise WrongValue("not_an_integer", "A whole number is expected.")
        if not low <= value <= high:
            raise WrongValue("out_of_range", f"From {low} to {high}.")
        return value

    return check


def choice(options: Mapping[str, Any]) -> Check:
    """One of the names, as the value it stands for."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in options:
            raise WrongValue("not_a_choice", f"One of: {', '.join(options)}.")
        return options[value]

    return check


def boolean(value: Any) -> bool:
    """True or false, nothing that looks like it."""
    if not isinstance(value, bool):
        raise WrongValue("not_a_boolean", "true or false is expected.")
    return value


def moment(value: Any) -> datetime:
    """An ISO 8601 moment with its offset, from 1970 on."""
    parsed = None
    if isinstance(value, str) and len(value) <= 40:
        try:
            parsed = parse_datetime(value)
        except (ValueError, OverflowError):
            parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise WrongValue("not_a_moment", "An ISO 8601 date and time with its offset is expected.")
    if not 1970 <= parsed.year <= 9000:
        raise WrongValue("out_of_range", "A year from 1970 on.")
    return parsed


def public_id(value: Any) -> UUID:
    """A public id as the API writes it."""
    try:
        return UUID(value) if isinstance(value, str) and len(value) == 36 else _no_id()
    except ValueError:
        return _no_id()


def _no_id() -> UUID:
    raise WrongValue("not_an_id", "A public id is expected.")


def plain_object(value: Any) -> dict[str, Any]:
    """Any JSON object."""
    if not isinstance(value, dict):
        raise WrongValue("not_an_object", "An object is expected.")
    return value
