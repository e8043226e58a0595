"""Reading JSON from strangers: whatever is hostile or ambiguous is refused, and costs no more than its length."""

import json
import math
import re
from typing import Any, NoReturn

from ccx.kernel.access.errors import MalformedBodyError

MAX_DEPTH = 32
MAX_DIGITS = 18
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
NOT_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read_json(raw: bytes) -> Any:
    """The value of `raw`, or MalformedBodyError saying why not."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedBodyError("The body is not UTF-8.") from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise MalformedBodyError(f"The body is nested deeper than {MAX_DEPTH} levels.")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except (ValueError, RecursionError):
        raise MalformedBodyError("The body is not valid JSON.") from None
    if SUSPECT.search(raw):
        _refuse_unstorable(value)
    return value


def _depth(raw: bytes) -> int:
    level = deepest = 0
    for byte in STRING.sub(b"", raw).translate(None, NOT_BRACKET):
        if byte in b"[{":
            level += 1
            if level > MAX_DEPTH:
                return level
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedBodyError("An object names the same member twice.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBodyError(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise MalformedBodyError(f"A number has more than {MAX_DIGITS} digits.")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise MalformedBodyError("A number is too large.")
    return value


def _refuse_unstorable(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if UNSTORABLE.search(item):
                raise MalformedBodyError("A text holds a NUL or half of a surrogate pair.")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
