"""Hostile and ambiguous JSON is refused with a reason, quickly, and never with a server error."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccx.kernel.access.errors import MalformedBodyError
from ccx.kernel.access.strict_json import MAX_DEPTH, read_json
from tests.factories.api import Api

HOSTILE = {
    "deep list": b"[" * 100_000,
    "deep closed list": b"[" * 50_000 + b"]" * 50_000,
    "deep object": b'{"a":' * 40 + b"1" + b"}" * 40,
    "not a number": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "overflow": b'{"a": 1e999}',
    "long integer": b'{"a": ' + b"9" * 5000 + b"}",
    "twice": b'{"a": 1, "a": 2}',
    "twice inside": b'{"x": [{"a": 1, "\\u0061": 2}]}',
    "nul": b'{"a": "\\u0000"}',
    "nul in a key": b'{"\\u0000": 1}',
    "raw nul": b'{"a": "\x00"}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "lone low surrogate": b'{"a": ["\\udc00x"]}',
    "not utf-8": b'{"a": "\xff"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "empty": b"",
    "half": b'{"a": ',
    "trailing": b"{} {}",
    "bom": b"\xef\xbb\xbf{}",
    "unclosed string of quotes": b'"' + b'\\"' * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_within_a_second(name: str) -> None:
    begun = time.monotonic()
    with pytest.raises(MalformedBodyError):
        read_json(HOSTILE[name])
    assert time.monotonic() - begun < 1


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"empty"}))
def test_the_api_answers_it_with_400_and_a_problem(name: str, api: Api) -> None:
    for path in ("/api/v1/contacts", "/api/v1/contacts/bulk"):
        answer = api.post(path, HOSTILE[name])
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "malformed"


def test_what_only_looks_hostile_is_read() -> None:
    assert read_json(b'{"a": "\\\\u0000", "b": "\\ud83d\\ude00", "c": "[[[[[[[["}') == {
        "a": "\\u0000",
        "b": "😀",
        "c": "[[[[[[[[",
    }
    brackets = json.dumps({"text": '["' * 10_000}).encode()
    assert read_json(brackets) == {"text": '["' * 10_000}
    assert read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values, st.booleans())
def test_honest_json_is_read_as_it_was_meant(value: Any, is_ascii: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=is_ascii).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(MalformedBodyError):
        json.dumps(read_json(raw)).encode()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_other_kinds_of_body_are_not_guessed_at(kind: str, api: Api) -> None:
    answer = api.client.generic("POST", "/api/v1/contacts", b"{}", content_type=kind, headers=api.headers())
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_packed_body_is_not_unpacked(api: Api) -> None:
    answer = api.post("/api/v1/contacts", b"\x1f\x8b", Content_Encoding="gzip")
    assert answer.status_code == 415


def test_a_body_over_the_limit_is_not_read(api: Api) -> None:
    answer = api.post("/api/v1/contacts", b'"' + b"x" * (1024 * 1024) + b'"')
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
