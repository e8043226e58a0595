"""Valkey under our supervision: broker, cache and channel layer of one machine."""

import contextlib
import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ccx.embedded import guard
from ccx.embedded.accounts import Account
from ccx.embedded.binaries import Binaries
from ccx.embedded.errors import CannotStartError
from ccx.embedded.processes import Child, Children, Command, last_words

START_SECONDS = 120


@dataclass(kw_only=True)
class Valkey:
    """One server over one folder. Its password is in a file of its own: arguments are for everybody to see."""

    home: Path
    port: int
    password: str
    account: Account
    binaries: Binaries
    children: Children
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.home / "valkey"

    @property
    def log(self) -> Path:
        return self.children.var_dir / "log" / "valkey.log"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> Child:
        """Start and wait until it answers (a long append-only file loads first)."""
        config = self._write_config()
        self._end_predecessor()
        child = self.children.start(
            Command(
                name="valkey",
                arguments=[self.binaries.valkey, config],
                log=self.log,
                environment={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
                account=self.account,
                stop_signal=signal.SIGTERM,
            )
        )
        self._wait(child)
        return child

    def _write_config(self) -> Path:
        config = self.home / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.data}"',
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",
            f'pidfile "{self.home}/valkey.pid"',
            "loglevel warning",
        ]
        try:
            self.data.mkdir(mode=0o700, exist_ok=True)
            config.touch(mode=0o600)
            config.write_text("\n".join(lines) + "\n", encoding="utf-8")
            if self.account.switch:
                shutil.chown(self.data, self.account.uid, self.account.gid)
                shutil.chown(config, self.account.uid, self.account.gid)
        except OSError as error:
            raise CannotStartError(f"CCX cannot write to {self.home}: {error.strerror}.") from None
        return config

    def _end_predecessor(self) -> None:
        try:
            pid = int((self.home / "valkey.pid").read_text(encoding="ascii"))
            program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
        except (OSError, ValueError):
            return
        if program.startswith(str(self.binaries.valkey).encode()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
            guard.wait_gone([pid], 10)

    def _wait(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        client = redis.Redis(
            host="127.0.0.1",
            port=self.port,
            password=self.password,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            while child.is_running and time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.AuthenticationError:
                    break
                except redis.RedisError:
                    time.sleep(0.05)
                else:
                    return
        finally:
            client.close()
        told = last_words(self.log)
        self.children.stop([child], 10)
        raise CannotStartError(
            f"Valkey does not start over {self.data}: {told or 'it gives no reason'}. It keeps nothing that the"
            " database does not have: move the folder away to begin anew."
        )
