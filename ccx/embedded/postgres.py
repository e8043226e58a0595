"""PostgreSQL under our supervision: made once, started, stopped without loss, and its refusals told plainly."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from ccx.embedded import guard
from ccx.embedded.accounts import Account
from ccx.embedded.binaries import Binaries
from ccx.embedded.errors import CannotStartError
from ccx.embedded.processes import Child, Children, Command

START_SECONDS = 120
STOP_SECONDS = 60
TRIES = 4
USER = "ccx"
DATABASE = "ccx"
LONGEST_SOCKET_PATH = 90
# What a start may trip over for a moment after a crash: it passes.
PASSING = ("lock file", "shared memory", "is being used", "Address already in use", "could not bind")


def shared_megabytes() -> int:
    """What the server keeps of its tables: an eighth of the machine's memory, within reason."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return min(max(machine // 8, 128), 2048)


@dataclass(kw_only=True)
class Postgres:
    """One server over one data folder."""

    home: Path
    port: int
    password: str
    account: Account
    binaries: Binaries
    children: Children
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.home / "postgres"

    @property
    def log(self) -> Path:
        return self.children.var_dir / "log" / "postgres.log"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def is_made(self) -> bool:
        return self.data.exists() and any(self.data.iterdir())

    def make(self) -> None:
        """Create the data folder, whole or not at all."""
        half = self.home / "postgres.half"
        shutil.rmtree(half, ignore_errors=True)
        password_file = self.home / "password"
        try:
            password_file.touch(mode=0o600)
            password_file.write_text(self.password, encoding="ascii")
            if self.account.switch:
                shutil.chown(password_file, self.account.uid, self.account.gid)
            arguments: list[str | Path] = [self.binaries.initdb, "-D", half, "-U", USER, f"--pwfile={password_file}"]
            arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
            arguments += ["--no-instructions", *([] if self.durable else ["--no-sync"])]
            done = subprocess.run(
                arguments,
                check=False,
                capture_output=True,
                text=True,
                cwd="/",
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
                **self.account.popen_arguments(),
            )
            if done.returncode:
                shutil.rmtree(half, ignore_errors=True)
                raise CannotStartError(f"The database could not be created in {self.home}: {_reason(done.stderr)}.")
            half.rename(self.data)
        except OSError as error:
            raise CannotStartError(
                f"The database could not be created in {self.home}: {error.strerror or error}."
            ) from None
        finally:
            password_file.unlink(missing_ok=True)

    def start(self) -> Child:
        """Start and wait until it answers; recovery after a crash may take its time."""
        self._look_at_data()
        self._end_predecessor()
        for attempt in range(1, TRIES + 1):
            offset = self.log.stat().st_size if self.log.exists() else 0
            child = self._launch()
            if self._wait(child):
                self._make_database()
                return child
            self.children.forget(child)
            told = self._since(offset)
            if attempt == TRIES or not any(words in told for words in PASSING):
                break
            time.sleep(0.5 * attempt)
        raise CannotStartError(
            f"The database in {self.data} does not start: {_reason(told)}."
            f" Its log is {self.log}; restore a backup, or move the folder away to begin anew."
        )

    def _look_at_data(self) -> None:
        version = self.data / "PG_VERSION"
        try:
            found = version.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            found = ""
        except OSError as error:
            raise CannotStartError(f"CCX cannot read {version}: {error.strerror}.") from None
        if not found:
            raise CannotStartError(
                f"The database folder {self.data} is damaged: PG_VERSION is missing;"
                " restore a backup, or move the folder away to begin anew."
            )
        ours = subprocess.run([self.binaries.postgres, "--version"], check=True, capture_output=True, text=True)
        if ours.stdout.split()[-1].split(".")[0] != found.split(".")[0]:
            raise CannotStartError(
                f"The database folder {self.data} is of PostgreSQL {found}, and the installed one is"
                f" {ours.stdout.split()[-1]}: dump it with the old one and load it with the new."
            )

    def _end_predecessor(self) -> None:
        """A server of ours that outlived both supervisor and guard: stop it before starting over its data."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return
        if str(self.data).encode() in arguments:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGINT)
            guard.wait_gone([pid], STOP_SECONDS)

    def _launch(self) -> Child:
        sockets = str(self.home) if len(str(self.home)) < LONGEST_SOCKET_PATH else ""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": sockets,
            "unix_socket_permissions": "0700",
            "max_connections": "150",
            "shared_buffers": f"{shared_megabytes()}MB",
            "max_wal_size": "2GB",
            "idle_in_transaction_session_timeout": "10min",
            # Statements carry values, and DETAIL quotes rows: no customer's word in a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "log_min_messages": "warning",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments: list[str | Path] = [self.binaries.postgres, "-D", self.data]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        return self.children.start(
            Command(
                name="postgres",
                arguments=arguments,
                log=self.log,
                environment={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
                account=self.account,
                stop_signal=signal.SIGINT,
            )
        )

    def _wait(self, child: Child) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while child.is_running and time.monotonic() < deadline:
            try:
                self._connect("postgres").close()
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    self.children.stop([child], STOP_SECONDS)
                    raise CannotStartError(
                        f"The database in {self.data} has another password than {self.children.var_dir}/services.env"
                        " says: put that file back, or move the folder away to begin anew."
                    ) from None
                time.sleep(0.05)
            else:
                return True
        if child.is_running:
            self.children.stop([child], STOP_SECONDS)
            raise CannotStartError(f"The database in {self.data} was not ready within {START_SECONDS} seconds.")
        return False

    def _connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, dbname=database, connect_timeout=5
        )

    def _make_database(self) -> None:
        connection = self._connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _since(self, offset: int) -> str:
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")
        return ""


def _reason(output: str) -> str:
    """The sentence of PostgreSQL that matters, without its prefix."""
    for mark in ("PANIC:", "FATAL:", "ERROR:", "error:"):
        for line in reversed(output.splitlines()):
            if mark in line:
                return line.split(mark, 1)[1].strip().rstrip(".")
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else "it gives no reason"
