"""Setting up: what it refuses, and what it leaves behind when it is stopped in the middle."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from ccx import bootstrap
from ccx.embedded.guard import is_running

# Stands where the environment's Python stands. It notes what it is asked, and its first installation never ends.
PYTHON = """#!/bin/sh
echo "$@" >> {folder}/asked
case "$*" in
  *"pip --version"*) test ! -e {folder}/has-no-pip ;;
  *"pip install"*)
    test -e {folder}/goes-well && exit
    sleep 600 & echo $! > {folder}/half-$$
    mv {folder}/half-$$ {folder}/pid-$$
    wait ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment whose packages are not installed yet."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(PYTHON.format(folder=tmp_path))
    python.chmod(0o755)
    return folder


def start(folder: Path) -> "subprocess.Popen[str]":
    program = [sys.executable, "ccx/bootstrap.py", "--venv", str(folder)]
    return subprocess.Popen(program, cwd=settings.BASE_DIR, stdout=-1, stderr=-1, text=True, start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_pip_works_it_leaves_nothing_running_and_the_next_start_installs_all_anew(
    environment: Path, tmp_path: Path, number: int
) -> None:
    setup = start(environment)
    deadline = time.monotonic() + 20
    while len(pids := list(tmp_path.glob("pid-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    children_of_pip = [int(path.read_text()) for path in pids]

    setup.send_signal(number)
    _said, told = setup.communicate(timeout=20)

    assert (setup.returncode, told) == (130, "Setup was stopped; the next start goes on with it.\n")
    assert len(children_of_pip) == 2
    assert not any(is_running(child) for child in children_of_pip)

    # What pip left half there it would take for installed.
    (tmp_path / "goes-well").touch()
    again = start(environment)
    assert again.communicate(timeout=60)[1] == ""
    assert again.returncode == 0
    asked = [line for line in (tmp_path / "asked").read_text().splitlines() if "pip install" in line]
    assert ["--force-reinstall" in line for line in asked] == [False, False, True, True]
    assert not (environment / "ccx-unfinished").exists()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_two_pips_and_a_third_install_all_that_the_lock_names_each_once(tmp_path: Path, name: str) -> None:
    lock = Path(settings.BASE_DIR) / name
    one, other, tools = (path.read_text() for path in bootstrap._parts_of(lock, tmp_path))
    lines = [line for line in lock.read_text().splitlines() if line and line[0] != "#"]
    assert sorted(lines) == sorted(f"{one}{other}{tools}".splitlines())
    names = {line.split("==")[0] for line in tools.splitlines() if "==" in line}
    assert names == {line.split("==")[0] for line in lines} & {"pip", "setuptools", "wheel"}


@pytest.mark.parametrize(("fails", "status"), [("", 0), ("one", 7), ("other", 7)])
def test_two_programs_at_once_fail_when_either_does(tmp_path: Path, fails: str, status: int) -> None:
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\ntest "$2" = "{fails}" && exit 7\nexit 0\n')
    program.chmod(0o755)
    assert bootstrap.Child.run(["sh", "-c", bootstrap.BOTH, "sh", "one", "other", str(program)]) == status


def test_an_environment_that_never_got_its_pip_is_made_anew(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[str]] = []
    monkeypatch.setattr(bootstrap.Child, "run", lambda arguments: made.append(arguments) or 0)
    assert bootstrap.make_environment(environment) == environment / "bin" / "python"
    (environment / "ccx-unfinished").touch()
    bootstrap.make_environment(environment)
    assert made == []

    (tmp_path / "has-no-pip").touch()
    bootstrap.make_environment(environment)
    assert made == [[sys.executable, "-m", "venv", str(environment)]]
    assert os.listdir(environment) == ["ccx-unfinished"]


def test_a_full_disk_is_told_before_anything_is_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(bootstrap.SetupError, match=r"The disk is full: .+ has 5 MB left"):
        bootstrap.make_environment(tmp_path / "venv")
    assert not (tmp_path / "venv").exists()
