"""The programs of CCX and how each is started; docker-compose.yml says the same for containers."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ccx.embedded.errors import CannotStartError
from ccx.embedded.ports import a_free_port

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where this machine serves, from the environment."""

    host: str
    port: int
    sockets_port: int
    web_workers: int
    web_threads: int
    worker_processes: int
    var_dir: Path
    mail_port: int = 1025

    @property
    def shown_host(self) -> str:
        """A host that a browser on this machine can open."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104

    @property
    def address(self) -> str:
        return f"http://{self.shown_host}:{self.port}"


def plan_from_environment() -> Plan:
    """Read the settings of the table that only the supervisor needs."""
    port = _number("CCX_PORT", 8000)
    return Plan(
        host=os.environ.get("CCX_HOST") or "127.0.0.1",
        port=port,
        sockets_port=_number("CCX_SOCKETS_PORT", port + 1),
        mail_port=a_free_port(),
        web_workers=_number("CCX_WEB_WORKERS", 2),
        web_threads=_number("CCX_WEB_THREADS", 4),
        worker_processes=_number("CCX_WORKER_PROCESSES", 2),
        var_dir=Path(os.environ.get("CCX_VAR") or PROJECT / "var").absolute(),
    )


def commands(plan: Plan) -> dict[str, list[str]]:
    """Name -> arguments of every program, in the order they start."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "ccx.celery:app"]
    return {
        "web": [
            *[*python, "granian", "--interface", "wsgi", "--host", plan.host, "--port", str(plan.port)],
            *["--workers", str(plan.web_workers), "--blocking-threads", str(plan.web_threads)],
            *["--backlog", "1024", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10"],
            *["--log-level", "warning", "ccx.wsgi:application"],
        ],
        "sockets": [
            *[*python, "uvicorn", "--host", plan.host, "--port", str(plan.sockets_port)],
            *["--ws", "ccx.kernel.live.wire:Wire", "--loop", "uvloop", "--http", "httptools"],
            *["--ws-max-size", "16384", "--ws-ping-interval", "20", "--ws-ping-timeout", "20"],
            # Frames are a few words; a compressor for each socket would be most of its memory.
            *["--ws-per-message-deflate", "false"],
            *["--limit-concurrency", "5000", "--timeout-graceful-shutdown", "5", "--no-access-log"],
            *["--log-level", "warning", "--no-server-header", "ccx.asgi:application"],
        ],
        "worker": [
            *[*celery, "worker", "--concurrency", str(plan.worker_processes), "--queues", "ccx"],
            *["--without-gossip", "--without-mingle", "--loglevel", "info"],
        ],
        "scheduler": [
            *[*celery, "beat", "--scheduler", "ccx.scheduler:OneOfMany"],
            *["--schedule", str(plan.var_dir / "schedule"), "--pidfile", "", "--loglevel", "info"],
        ],
        # Waits at the mail servers of the lines; without it mail is looked for in turns.
        "mailboxes": [*python, "django", "watch_mail"],
        # Catches what is sent; only where no mail server is set.
        "mail": [
            *[*python, "ccx.demo.catching", "--host", plan.host, "--port", str(plan.mail_port)],
            *["--folder", str(plan.var_dir / "mail")],
        ],
    }


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    if value and not value.isdigit():
        raise CannotStartError(f"{name} must be a whole number, not {value!r}.")
    return int(value) if value else default
