"""`make run` as a person meets it: real processes, real signals."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from ccx.embedded.processes import Children
from ccx.embedded.servers import remember
from ccx.supervisor.__main__ import full_disk, main
from tests.ccx.processes import PATIENCE_SECONDS, Run, clean_environment, processes_of, supervisor, wait_for_none


def get(port: int, path: str) -> tuple[int, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.status, answer.read().decode()


def query(var: Path, statement: str) -> str:
    connection = psycopg2.connect(remember(var)["DATABASE_URL"])
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return str(cursor.fetchone()) if cursor.description else ""
    finally:
        connection.close()


def pid_of(var: Path, words: str) -> int:
    """The first process of this installation whose command line has these words and whose parent has not."""
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            told = f"CCX_VAR={var}".encode() in (entry / "environ").read_bytes()
            if told and words.encode() in (entry / "cmdline").read_bytes().replace(b"\0", b" "):
                return int(entry.name)
        except OSError:
            continue
    raise AssertionError(f"Nothing runs with {words} in its command line.")


def test_an_installation_survives_everything_from_first_start_to_last_stop(var: Path) -> None:
    """One story, for the first start is dear: be cut off before it, start, serve, refuse a twin, lose a child,
    be killed, recover, stop."""
    stopped_and_killed_while_it_is_prepared(var)
    with supervisor(var) as first:
        first.until("CCX is ready")
        assert f"http://127.0.0.1:{first.port}" in first.said
        assert get(first.port, "/livez") == (200, "alive\n")
        assert get(first.port, "/readyz")[0] == 200
        assert query(var, "SELECT count(*) > 100 FROM interactions_interaction") == "(True,)"

        # What it wrote down is for its owner only, and the servers are not root's.
        assert (var / "services.env").stat().st_mode & 0o777 == 0o600
        for name in ("servers", "media", "mail", "log"):
            assert (var / name).stat().st_mode & 0o777 == 0o700, name
        assert os.stat(f"/proc/{postmaster(var)}").st_uid != 0

        # A second one over the same folder says so.
        with supervisor(var) as twin:
            assert twin.process.wait(20) == 1
            assert f"CCX already runs here (process {first.process.pid})" in twin.said

        # A child that dies comes back, and so does a server, with what was committed.
        query(var, "CREATE TABLE kept (word text)")
        query(var, "INSERT INTO kept VALUES ('still here')")
        facts_are_true_after_a_worker_and_the_broker_were_killed(first)
        os.kill(postmaster(var), signal.SIGKILL)
        first.until("postgres had ended and runs again")
        assert query(var, "SELECT word FROM kept") == "('still here',)"

        # Killed without a word, it leaves nothing behind.
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        assert wait_for_none(var, 30) == []

    # Started again at once: recovery, in time, with everything committed; then a clean stop.
    with supervisor(var) as second:
        assert second.until("CCX is ready") < 60
        assert query(var, "SELECT word FROM kept") == "('still here',)"
        assert second.stop() == 0
        assert processes_of(var) == []

    # After a clean stop nothing is prepared again, and it is quick.
    with supervisor(var) as third:
        assert third.until("CCX is ready") < 10
        assert "migrate ..." not in third.said
        third.process.send_signal(signal.SIGINT)
        assert third.process.wait(60) == 0
        assert wait_for_none(var, 2) == []


def stopped_and_killed_while_it_is_prepared(var: Path) -> None:
    """A first start cut off in the middle of the migrations and of the demonstration leaves nobody behind."""
    with supervisor(var) as stopped:
        stopped.until("migrate ...")
        assert stopped.stop() == 0
        assert processes_of(var) == []
        assert "Traceback" not in stopped.said
    with supervisor(var) as killed:
        killed.until("seed ...")
        os.kill(killed.process.pid, signal.SIGKILL)
        killed.process.wait()
        assert wait_for_none(var, 30) == []


def facts_are_true_after_a_worker_and_the_broker_were_killed(run: Run) -> None:
    """The worker dies in the middle of a task, the broker with whatever it held; each contact counts once."""
    with psycopg2.connect(remember(run.var)["DATABASE_URL"]) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT 1 FROM kernel_readerposition WHERE name = 'facts' FOR UPDATE")
        first = contact_told(run, "killed-1")
        until(run.var, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        worker = pid_of(run.var, "celery -A ccx.celery:app worker")
        os.killpg(worker, signal.SIGKILL)
    holder.close()
    os.kill(int((run.var / "servers" / "valkey.pid").read_text()), signal.SIGKILL)
    second = contact_told(run, "killed-2")
    run.until("worker ended")
    run.until("valkey had ended and runs again")
    third = contact_told(run, "killed-3")
    until(
        run.var,
        "SELECT count(*) = 3 FROM analytics_fact JOIN interactions_interaction i ON i.id = interaction_id"
        f" WHERE i.public_id IN ('{first}', '{second}', '{third}')",
    )


def contact_told(run: Run, name: str) -> str:
    """A contact by the API; the public id of its interaction."""
    key = re.search(r"ccx_[\w-]+", (run.var / "demo-signins.txt").read_text())
    contact = {
        "inbox": "Shop chat",
        "external_id": name,
        "occurred_at": datetime.now(UTC).isoformat(),
        "identity": {"kind": "email", "value": f"{name}@example.org"},
        "body": "Where is it?",
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{run.port}/api/v1/contacts",
        json.dumps(contact).encode(),
        {"Authorization": f"Bearer {key[0] if key else ''}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["interaction"])


def until(var: Path, question: str) -> None:
    """Ask the database until it says yes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while query(var, question) != "(True,)":
        assert time.monotonic() < deadline, question
        time.sleep(0.1)


def postmaster(var: Path) -> int:
    return int((var / "servers" / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def refusal(run_of: object) -> str:
    """Exactly one sentence after the words that introduce it, and no traceback."""
    said = str(run_of)
    assert "Traceback" not in said
    sentence = said.split("CCX cannot start. ", 1)[1].split("\n", 1)[0]
    assert sentence.endswith(".")
    return sentence


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with supervisor(tmp_path / "var", CCX_PORT=port) as run:
            assert run.process.wait(20) == 1
    assert refusal(run.said).startswith(f"Port {port} of 127.0.0.1 is taken")
    assert wait_for_none(tmp_path / "var", 2) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").symlink_to("/proc/ccx-cannot-be-here")
    with supervisor(tmp_path / "var") as run:
        assert run.process.wait(20) == 1
    assert refusal(run.said).startswith("CCX cannot write to")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"CCX_PRODUCTION": "1"}, "CCX_PRODUCTION is set and DATABASE_URL and REDIS_URL is not"),
        ({"CCX_SOCKETS_PORT": "none"}, "CCX_SOCKETS_PORT must be a whole number, not 'none'"),
        ({"CCX_PORT": "70000"}, "CCX_PORT=70000 is no port number"),
        ({"CCX_POSTGRES_PORT": "abc"}, "CCX_POSTGRES_PORT=abc is no free port"),
        ({"CCX_VALKEY_PORT": "99999"}, "CCX_VALKEY_PORT=99999 is no free port"),
        ({"CCX_POSTGRES_PORT": "47811", "CCX_VALKEY_PORT": "47811"}, "CCX_POSTGRES_PORT and CCX_VALKEY_PORT are both"),
        ({"CCX_PORT": "47812", "CCX_SOCKETS_PORT": "47812"}, "CCX_PORT and CCX_SOCKETS_PORT are both 47812"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    tmp_path: Path,
    values: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "environ", clean_environment(CCX_VAR=tmp_path / "var", **values))
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    try:
        assert main() == 1
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    assert words in refusal(capsys.readouterr().err)


def test_whatever_fails_on_a_full_disk_is_told_as_that(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children(var)
    try:
        assert full_disk(children) == full_disk(None) == ""
        usage = shutil.disk_usage(var)._replace(free=3_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        assert full_disk(children) == f"The disk is full: {var} has 3 MB left."
    finally:
        children.close()


def test_make_help_lists_the_two_commands() -> None:
    said = subprocess.run(["make", "help"], check=True, capture_output=True, text=True).stdout
    assert "make run" in said
    assert "make test" in said
