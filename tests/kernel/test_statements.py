"""The first statement of a request, over a connection that was kept since the last one."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections

from ccx.kernel.statements import Statement, run_first

WHO = Statement("tests_who", ("int",), "SELECT pg_backend_pid(), $1")
WRONG = Statement("tests_wrong", ("int",), "SELECT 1 / $1")


def of_its_own(steps: Callable[[], Any]) -> Any:
    """What the steps return, done over a connection of their own that is not in a transaction."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(steps())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def next_request() -> None:
    connection.ensure_connection()
    connection.health_check_enabled, connection.health_check_done = True, False


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_meanwhile_is_made_anew_and_one_that_stands_is_asked_nothing_else() -> None:
    def stands() -> list[int]:
        questions: list[int] = []
        next_request()
        first = run_first(WHO, [1])[0][0]
        next_request()
        connection.is_usable = lambda: bool(questions.append(1)) or True  # type: ignore[method-assign]
        second = run_first(WHO, [2])[0][0]
        with connection.cursor() as cursor:
            cursor.execute("SELECT 3")
        return [first, second, len(questions)]

    first, second, questions = of_its_own(stands)
    assert (first, questions) == (second, 0)

    def lost() -> list[int]:
        next_request()
        before = run_first(WHO, [1])[0][0]
        next_request()
        killer = threading.Thread(target=kill, args=(before,))
        killer.start()
        killer.join()
        return [before, run_first(WHO, [2])[0][0]]

    def kill(pid: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        connection.close()

    before, after = of_its_own(lost)
    assert after not in {None, before}


@pytest.mark.django_db(transaction=True)
def test_what_the_statement_itself_gets_wrong_is_told_as_it_is() -> None:
    def steps() -> str:
        next_request()
        with pytest.raises(DatabaseError, match="division by zero"):
            run_first(WRONG, [0])
        return "told"

    assert of_its_own(steps) == "told"
