"""No secret and no customer's word in a log."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.test import Client

from ccx.logs import QuietAboutArguments, exception_without_words, logging_config, mask

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What left through the handler of settings.LOGGING so far, parsed."""
    formatter = logging_config(level="INFO", as_json=True)["formatters"]["lines"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    handler.addFilter(QuietAboutArguments())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://ccx:hush@127.0.0.1/ccx", "postgresql://[hidden]@127.0.0.1/ccx"),
        ("redis://:hush@127.0.0.1:1/0", "redis://[hidden]@127.0.0.1:1/0"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [hidden]"),
        ("password=hush and more", "password=[hidden] and more"),
        ("GET /search?q=my+cat", "GET /search?[hidden]"),
        ("GET /s/Zk3x-Q_9/?csat=1", "GET /s/[hidden]/?[hidden]"),
        ("POST /accounts/first-password/Zk3x-Q_9/ 200", "POST /accounts/first-password/[hidden]/ 200"),
        ("mail of ada@example.org came", "mail of [e-mail] came"),
        ("called +49 (30) 1234-567 twice", "called [number] twice"),
        ("duplicate key\nDETAIL:  Key (email)=(x) exists", "duplicate key\nDETAIL: [hidden]"),
        ("interaction 1234567890123 closed", "interaction 1234567890123 closed"),
    ],
)
def test_texts_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_values_under_suspicious_names_are_dropped_at_any_depth(lines: Lines) -> None:
    structlog.get_logger("t").info("kept", api_key="hush", interaction_id=7, inner={"body": "my cat", "code": "ok"})
    (line,) = lines()
    assert (line["api_key"], line["interaction_id"]) == ("[hidden]", 7)
    assert line["inner"] == {"body": "[hidden]", "code": "ok"}


def test_other_libraries_loggers_go_the_same_way(lines: Lines) -> None:
    logging.getLogger("some.library").warning("sent to %s with token=%s", "ada@example.org", "hush")
    (line,) = lines()
    assert line["event"] == "sent to [e-mail] with token=[hidden]"


def test_an_exception_tells_type_and_place_and_not_what_it_quotes(lines: Lines) -> None:
    try:
        int("my cat is ill")
    except ValueError:
        logging.getLogger("t").exception("could not read")
    (line,) = lines()
    assert "my cat" not in json.dumps(line)
    assert "builtins.ValueError" in str(line["exception"])
    assert "test_logs.py" in str(line["exception"])


def test_an_exception_of_the_machine_keeps_its_message() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/srv/x")
    assert "No such file or directory" in exception_without_words(type(error), error, None)


def test_a_failing_task_logs_its_name_and_not_its_arguments(lines: Lines) -> None:
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s] %(description)s: %(exc)s",
        {"name": "send", "id": "1", "description": "raised unexpected", "exc": "ValueError('my cat')"},
    )
    (line,) = lines()
    assert line["event"] == "Task send[1] raised unexpected"


def test_a_line_cannot_be_forged_with_a_line_break(lines: Lines) -> None:
    logging.getLogger("t").warning('x\n{"event": "forged"}')
    assert len(lines()) == 1


def test_a_request_is_logged_with_the_id_that_its_answer_carries(client: Client, lines: Lines) -> None:
    answer = client.get("/nowhere?q=my+cat", headers={"x-request-id": "from-the-proxy-1"})
    assert answer["X-Request-ID"] == "from-the-proxy-1"
    told = lines()
    assert {line["request_id"] for line in told if line["logger"].startswith("django_structlog")} == {
        "from-the-proxy-1"
    }
    assert "my+cat" not in json.dumps(told)


@pytest.mark.parametrize("given", ["", "short", "x" * 65, 'a"b{c}d e', "a\tb\tc\td\te"])
def test_an_indecent_request_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/nowhere", headers={"x-request-id": given})
    assert answer["X-Request-ID"] != given
    assert len(answer["X-Request-ID"]) == 36
