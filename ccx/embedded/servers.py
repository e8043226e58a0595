"""Both servers together: their passwords and ports are made once and written down for every other command."""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import urlsplit

from ccx.embedded.accounts import prepare_home, server_account
from ccx.embedded.binaries import find_binaries
from ccx.embedded.errors import CannotStartError
from ccx.embedded.ports import a_free_port, is_free
from ccx.embedded.postgres import STOP_SECONDS, Postgres
from ccx.embedded.processes import Child, Children
from ccx.embedded.valkey import Valkey


class Servers:
    """The embedded PostgreSQL and Valkey of one var folder; either may be left out."""

    def __init__(self, children: Children, *, durable: bool = True) -> None:
        self.children = children
        self.durable = durable
        self.account = server_account()
        self.home = prepare_home(children.var_dir, self.account)
        self.is_new = False
        self._running: dict[str, Child] = {}
        self._servers: dict[str, Postgres | Valkey] = {}
        self._lend_log_folder()

    def start(self, *, with_postgres: bool = True, with_valkey: bool = True) -> dict[str, str]:
        """Start what is wanted; the answer is what settings need to find it. Written to services.env as well."""
        remembered = remember(self.children.var_dir)
        if not (with_postgres or with_valkey):
            remembered.setdefault("CCX_SECRET_KEY", secrets.token_urlsafe(50))
            write_down(self.children.var_dir, remembered)
            return remembered
        binaries = find_binaries(self.account)
        shared = {
            "home": self.home,
            "account": self.account,
            "binaries": binaries,
            "children": self.children,
            "durable": self.durable,
        }
        password, port = _password_and_port(remembered.get("DATABASE_URL", ""), "CCX_POSTGRES_PORT")
        postgres = Postgres(password=password, port=port, **shared)  # type: ignore[arg-type]
        password, port = _password_and_port(remembered.get("REDIS_URL", ""), "CCX_VALKEY_PORT")
        valkey = Valkey(password=password, port=port, **shared)  # type: ignore[arg-type]
        self.is_new = with_postgres and not postgres.is_made
        if with_postgres and postgres.is_made and "DATABASE_URL" not in remembered:
            raise CannotStartError(
                f"{self.children.var_dir / 'services.env'} is gone, and with it the password of the database in"
                f" {postgres.data}: put the file back, or move the folder away to begin anew."
            )
        remembered.setdefault("CCX_SECRET_KEY", secrets.token_urlsafe(50))
        remembered |= {"DATABASE_URL": postgres.url} if with_postgres else {}
        remembered |= {"REDIS_URL": valkey.url} if with_valkey else {}
        write_down(self.children.var_dir, remembered)
        if self.is_new:
            postgres.make()
        self._servers = {"postgres": postgres} if with_postgres else {}
        self._servers |= {"valkey": valkey} if with_valkey else {}
        self._running = self._start_together()
        return remembered

    def _start_together(self) -> dict[str, Child]:
        """One that cannot start, or a wish to stop, ends the other at once: a recovery may take minutes."""
        pool = ThreadPoolExecutor()
        try:
            futures = {pool.submit(server.start): name for name, server in self._servers.items()}
            return {futures[future]: future.result() for future in as_completed(futures)}
        except BaseException:
            self.children.end(STOP_SECONDS)
            raise
        finally:
            pool.shutdown()

    def look_after(self) -> list[str]:
        """Start again a server that ended; the answer names them. One that cannot start again raises."""
        ended = [name for name, child in self._running.items() if not child.is_running]
        for name in ended:
            self.children.forget(self._running[name])
            self._running[name] = self._servers[name].start()
        return ended

    def stop(self) -> None:
        """Let PostgreSQL write its checkpoint; nothing is lost."""
        self.children.stop(list(self._running.values()), STOP_SECONDS)

    def _lend_log_folder(self) -> None:
        log = self.children.var_dir / "log"
        try:
            log.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotStartError(f"CCX cannot write to {log}: {error.strerror}.") from None


def remember(var_dir: Path) -> dict[str, str]:
    """What was written down at an earlier start."""
    try:
        lines = (var_dir / "services.env").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_down(var_dir: Path, values: dict[str, str]) -> None:
    """Keep the addresses for other commands, readable by the owner only, replaced in one step."""
    target = var_dir / "services.env"
    half = var_dir / "services.env.half"
    try:
        half.unlink(missing_ok=True)
        half.touch(mode=0o600)
        half.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
        half.replace(target)
    except OSError as error:
        raise CannotStartError(f"CCX cannot write to {target}: {error.strerror}.") from None


def _password_and_port(url: str, variable: str) -> tuple[str, int]:
    """Those of last time; a port that somebody took meanwhile is exchanged, one that was asked for is not."""
    parts = urlsplit(url)
    asked = os.environ.get(variable, "")
    if asked:
        if not asked.isdigit() or not is_free("127.0.0.1", int(asked)):
            raise CannotStartError(f"{variable}={asked} is no free port of this machine.")
        port = int(asked)
    else:
        port = parts.port if parts.port and is_free("127.0.0.1", parts.port) else a_free_port()
    return parts.password or secrets.token_urlsafe(24), port
