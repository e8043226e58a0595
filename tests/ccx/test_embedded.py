"""The embedded servers: their data, their account, and their refusals."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ccx.embedded import accounts, processes
from ccx.embedded.accounts import Account, prepare_home, server_account
from ccx.embedded.binaries import find_binaries
from ccx.embedded.errors import CannotStartError
from ccx.embedded.processes import Child, Children, Command
from ccx.embedded.servers import Servers, remember


@pytest.fixture
def children(var: Path) -> Iterator[Children]:
    family = Children(var)
    yield family
    family.close()


def start_and_stop(var: Path) -> None:
    family = Children(var)
    try:
        Servers(family, durable=False).start(with_valkey=False)
    finally:
        family.close()


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """An installation that was started and stopped, made once to be copied."""
    parent = Path(tempfile.mkdtemp(prefix="ccx-", dir="/tmp"))
    parent.chmod(0o755)
    start_and_stop(parent / "var")
    yield parent / "var"
    shutil.rmtree(parent)


@pytest.fixture
def data(var: Path, made: Path) -> Path:
    """The data folder of such an installation."""
    subprocess.run(["cp", "-a", f"{made}/.", str(var)], check=True)
    return var / "servers" / "postgres"


def test_servers_want_their_password_and_speak_utf8(children: Children) -> None:
    found = Servers(children, durable=False).start()
    connection = psycopg2.connect(found["DATABASE_URL"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT datlocprovider, datlocale, current_setting('data_checksums') FROM pg_database LIMIT 1")
        assert cursor.fetchone() == ("b", "C.UTF-8", "on")
    connection.close()
    wrong = found["DATABASE_URL"].replace("ccx:", "ccx:x", 1)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong)
    client = redis.Redis.from_url(found["REDIS_URL"])
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.close()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=urlsplit(found["REDIS_URL"]).port or 0, retry=Retry(NoBackoff(), 0)).ping()


def test_a_statement_that_fails_leaves_no_value_in_the_servers_log(var: Path, children: Children) -> None:
    found = Servers(children, durable=False).start(with_valkey=False)
    connection = psycopg2.connect(found["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE said (words text UNIQUE)")
        cursor.execute("INSERT INTO said VALUES ('my cat is ill')")
        with pytest.raises(psycopg2.IntegrityError):
            cursor.execute("INSERT INTO said VALUES ('my cat is ill')")
    connection.close()
    log = (var / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "my cat" not in log


def test_a_damaged_data_folder_is_told_in_one_sentence(var: Path, data: Path) -> None:
    (data / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(CannotStartError, match=r"does not start: .+restore a backup, or move the folder away"):
        start_and_stop(var)


def test_a_data_folder_without_a_version_is_told(var: Path, data: Path) -> None:
    (data / "PG_VERSION").unlink()
    with pytest.raises(CannotStartError, match="is damaged: PG_VERSION is missing"):
        start_and_stop(var)


def test_a_data_folder_of_another_version_is_told(var: Path, data: Path) -> None:
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotStartError, match=r"is of PostgreSQL 15, and the installed one is 18"):
        start_and_stop(var)


def test_a_lost_password_file_is_told(var: Path, data: Path) -> None:
    (var / "services.env").unlink()
    with pytest.raises(CannotStartError, match=r"services.env is gone"):
        start_and_stop(var)


def test_a_wrong_password_is_told(var: Path, data: Path) -> None:
    file = var / "services.env"
    file.write_text(file.read_text().replace("ccx:", "ccx:x", 1))
    with pytest.raises(CannotStartError, match="has another password"):
        start_and_stop(var)


def test_a_creation_that_was_interrupted_begins_anew(var: Path) -> None:
    half = var / "servers" / "postgres.half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    start_and_stop(var)
    assert not half.exists()
    assert remember(var)["DATABASE_URL"].startswith("postgresql://ccx:")


def test_a_full_disk_is_told_before_anything_is_written(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(var)._replace(free=5_000_000)
    monkeypatch.setattr(accounts.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(CannotStartError, match=r"The disk is full: .+ has 5 MB left"):
        start_and_stop(var)


def test_a_disk_that_fills_up_while_the_database_is_made_is_told(
    var: Path, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/dev/full answers every write with "No space left on device"."""
    servers = Servers(children, durable=False)
    (servers.home / "password").symlink_to("/dev/full")
    with pytest.raises(CannotStartError, match=r"could not be created in .+: No space left on device"):
        servers.start(with_valkey=False)


def test_started_by_root_the_servers_run_as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    account = server_account()
    assert (account.uid, account.switch) == (pwd.getpwnam("nobody").pw_uid, True)


@pytest.mark.parametrize(("name", "words"), [("root", "must not be root"), ("no-such", "'no-such'")])
def test_an_account_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("CCX_RUN_AS", name)
    with pytest.raises(CannotStartError, match=words):
        server_account()


def test_started_by_anybody_else_they_run_as_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    assert server_account().popen_arguments() == {}


def test_data_go_elsewhere_where_the_account_cannot_enter_and_no_mode_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr(accounts, "SYSTEM_HOME", elsewhere)
    monkeypatch.setattr(accounts.shutil, "chown", lambda *_: None)
    monkeypatch.setattr(Account, "can_enter", lambda self, folder: elsewhere in folder.parents)
    home = prepare_home(closed / "var", Account("somebody", 4242, 4242, switch=True))
    assert home.parent == elsewhere
    assert home.stat().st_mode & 0o777 == 0o700
    assert closed.stat().st_mode & 0o777 == 0o700


def test_the_programs_are_found_where_their_account_can_run_them() -> None:
    found = find_binaries(server_account())
    assert (found.initdb.name, found.postgres.name, found.valkey.name) == ("initdb", "postgres", "valkey-server")


def test_a_log_that_grew_long_begins_anew_under_its_program(var: Path, children: Children) -> None:
    (var / "log").mkdir()
    log = var / "log" / "chatty.log"
    words = f"until test -e {var}/go; do sleep 0.02; done; echo two"
    child = children.start(Command(name="chatty", arguments=["/bin/sh", "-c", words], log=log))
    log.write_bytes(b"x" * processes.LONGEST_LOG_BYTES + b"one\n")
    children.trim_logs()
    (var / "go").touch()
    assert child.process.wait(10) == 0
    assert (var / "log" / "chatty.old.log").read_bytes().endswith(b"one\n")
    assert log.read_bytes() == b"two\n"


def test_a_wish_to_stop_waits_until_a_child_that_is_being_born_is_known(var: Path, children: Children) -> None:
    class Stopped(BaseException):
        """As of the supervisor's handler."""

    born: list[Child] = []

    def start_while_asked_to_stop() -> None:
        with processes.UNBROKEN.region():
            os.kill(os.getpid(), signal.SIGUSR1)
            born.append(children.start(Command(name="late", arguments=["/bin/sleep", "60"], log=var / "late.log")))

    before = signal.signal(signal.SIGUSR1, lambda *_: processes.UNBROKEN.raise_here(Stopped()))
    try:
        with pytest.raises(Stopped):
            start_while_asked_to_stop()
        assert children.running == born != []
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    children.end(5)
    assert not born[0].is_running
    with pytest.raises(CannotStartError, match="is not started any more"):
        children.start(Command(name="later", arguments=["/bin/true"], log=var / "late.log"))
