"""Mails are read where they can be killed: no mail stops a worker, and what is read is the same."""

import base64
import gc
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from interactions.channels.email import child
from interactions.channels.email.child import read_in_child
from interactions.channels.email.errors import ReaderFailedError
from interactions.channels.email.reading import parse

MAILS = Path(__file__).parent / "mails"


@pytest.mark.parametrize("name", ["attachments.eml", "nul_and_surrogates.eml", "related_inline.eml", "shift_jis.eml"])
def test_a_mail_says_the_same_when_a_child_reads_it(name: str) -> None:
    raw = (MAILS / name).read_bytes()
    assert read_in_child(raw) == parse(raw)


def test_what_takes_too_long_is_killed_and_the_next_mail_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = (MAILS / "plain.eml").read_bytes()
    assert read_in_child(raw).text
    before = child._children[os.getpid()].process
    monkeypatch.setattr(child, "SECONDS", 0.0)
    monkeypatch.setattr(child, "SECONDS_PER_BYTE", 0.0)
    began = time.monotonic()
    with pytest.raises(ReaderFailedError, match="too long"):
        read_in_child(raw)
    assert time.monotonic() - began < 1
    assert before.poll() is not None

    monkeypatch.undo()
    assert read_in_child(raw).text


def test_a_machine_that_is_busy_elsewhere_costs_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = (MAILS / "plain.eml").read_bytes()
    read_in_child(raw)
    monkeypatch.setattr(child, "SECONDS", 0.2)
    pid = child._children[os.getpid()].process.pid
    os.kill(pid, signal.SIGSTOP)
    goes_on = threading.Timer(0.5, os.kill, (pid, signal.SIGCONT))
    goes_on.start()
    assert read_in_child(raw).text
    goes_on.join()
    # But nobody waits for ever.
    monkeypatch.setattr(child, "LONGEST_SECONDS", 0.1)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ReaderFailedError, match="too long"):
        read_in_child(raw)


def test_a_small_mail_that_keeps_its_reader_at_work_is_killed_and_a_large_one_has_time_for_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "SECONDS", 0.2)
    part = base64.encodebytes(bytes(10 * 1024 * 1024))
    head = b"From: a@b.c\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n"
    # All of its time is that of its size.
    with monkeypatch.context() as bare:
        bare.setattr(child, "SECONDS", 0.0)
        assert len(read_in_child(head + part).files[0].content) == 10 * 1024 * 1024
    child._end()
    burns = "import sys; sys.stdout.buffer.write(bytes(16)); sys.stdout.flush()\nwhile True: pass"
    started = subprocess.Popen
    with monkeypatch.context() as hostile:
        hostile.setattr(subprocess, "Popen", lambda _args, **more: started([sys.executable, "-c", burns], **more))
        with pytest.raises(ReaderFailedError, match="too long"):
            read_in_child(b"From: a@b.c\n\nhi")
    child._end()


def test_a_child_that_dies_costs_one_mail() -> None:
    raw = (MAILS / "plain.eml").read_bytes()
    read_in_child(raw)
    child._children[os.getpid()].process.kill()
    time.sleep(0.05)
    assert read_in_child(raw).text


@pytest.mark.filterwarnings("error::ResourceWarning", "error::pytest.PytestUnraisableExceptionWarning")
def test_no_pipe_to_a_reader_that_died_or_was_another_process_stays_open() -> None:
    raw = (MAILS / "plain.eml").read_bytes()
    read_in_child(raw)
    child._children[os.getpid()].process.kill()
    child._children[os.getpid()].process.wait()
    read_in_child(raw)
    gc.collect()
    mine = child._children[os.getpid()]
    before = len(os.listdir("/proc/self/fd"))
    if (forked := os.fork()) == 0:
        # Of the process that forked it has copies of the pipes only; they go before it has a reader of its own.
        with suppress(BaseException):
            read_in_child(raw)
            child._end()
            os._exit(before - len(os.listdir("/proc/self/fd")))
        os._exit(99)
    _, status = os.waitpid(forked, 0)
    assert os.waitstatus_to_exitcode(status) == 2
    assert child._children[os.getpid()] is mine
    assert read_in_child(raw).text


def test_what_needs_too_much_memory_is_refused_by_the_child_itself() -> None:
    raw = b"From: a@b.c\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + b"QUFB" * 10_000_000
    head = b'{"authserv_id": ""}'
    script = (
        "import interactions.channels.email.child_process as one; one.MEMORY_PER_BYTE = 0; one.MEMORY = 9; one.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=struct.pack("!QQ", len(head), len(raw)) + head + raw,
        capture_output=True,
        cwd=settings.BASE_DIR,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 or b"MemoryError" in done.stderr
    assert b'"mail"' not in done.stdout


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    class SeenError(Exception):
        pass

    def popen(*_args: Any, **kwargs: Any) -> None:
        given.update(kwargs["env"])
        raise SeenError

    monkeypatch.setenv("CCX_SECRET_KEY", "secret")
    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(SeenError):
        child._Child()
    assert set(given) == {"PATH", "PYTHONPATH", "LANG"}
