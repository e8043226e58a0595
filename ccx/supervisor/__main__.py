"""`python -m ccx.supervisor`: start everything, keep it running, stop it without loss."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from ccx.embedded.errors import CannotStartError
from ccx.embedded.ports import answers, is_free
from ccx.embedded.processes import UNBROKEN, Child, Children, Command
from ccx.embedded.servers import Servers
from ccx.supervisor.preparation import Preparation
from ccx.supervisor.programs import PROJECT, Plan, commands, plan_from_environment

READY_SECONDS = 60
STOP_SECONDS = 20
STEADY_SECONDS = 30
LONGEST_PAUSE_SECONDS = 30
LOGS_EVERY_SECONDS = 60
NEARLY_NOTHING_BYTES = 10_000_000


class Stopped(BaseException):
    """Somebody asked us to stop; raised wherever we are, so that starting can be interrupted too."""


def main() -> int:
    """Run until asked to stop. One sentence and 1 if it cannot start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)
    children: Children | None = None
    status = 0
    try:
        plan = plan_from_environment()
        refuse_what_cannot_work(plan, os.environ)
        children = Children(plan.var_dir)
        refuse_taken_ports(plan)
        run(plan, children)
    except CannotStartError as error:
        print(f"\nCCX cannot start. {full_disk(children) or error}", file=sys.stderr, flush=True)
        status = 1
    except Stopped:
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if children:
            stop(children)
    return status


def full_disk(children: Children | None) -> str:
    """Where nothing can be written any more, whatever failed had no room to say why."""
    if children is None:
        return ""
    free = shutil.disk_usage(children.var_dir).free
    is_full = free < NEARLY_NOTHING_BYTES
    return f"The disk is full: {children.var_dir} has {free // 1_000_000} MB left." if is_full else ""


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    UNBROKEN.raise_here(Stopped())


def refuse_what_cannot_work(plan: Plan, environment: Mapping[str, str]) -> None:
    """Known before anything is started."""
    needed = [name for name in ("DATABASE_URL", "REDIS_URL") if not _given(environment, name)]
    if _is_on(environment, "CCX_PRODUCTION") and needed:
        raise CannotStartError(
            f"CCX_PRODUCTION is set and {' and '.join(needed)} is not: the embedded servers are for one machine of"
            " your own, never for production."
        )


def refuse_taken_ports(plan: Plan) -> None:
    """A taken port is told before the servers are started for nothing."""
    ports = {"CCX_PORT": plan.port, "CCX_SOCKETS_PORT": plan.sockets_port}
    refuse_one_port_for_two(ports, os.environ)
    for name, port in ports.items():
        if not 0 < port < 65536:
            raise CannotStartError(f"{name}={port} is no port number.")
        if not is_free(plan.host, port):
            raise CannotStartError(
                f"Port {port} of {plan.host} is taken or not allowed: stop what uses it, or set {name} to another one."
            )


def close_to_others(var_dir: Path) -> None:
    """What customers sent, said and were written is nobody's on this machine but ours."""
    for name in ("media", "mail"):
        try:
            (var_dir / name).mkdir(mode=0o700, exist_ok=True)
            (var_dir / name).chmod(0o700)
        except OSError as error:
            raise CannotStartError(f"CCX cannot write to {var_dir / name}: {error.strerror}.") from None


def refuse_one_port_for_two(ports: Mapping[str, int], environment: Mapping[str, str]) -> None:
    """Each would find the port free, and the second would not start."""
    taken: dict[str, str] = {}
    servers = {name: environment.get(name, "") for name in ("CCX_POSTGRES_PORT", "CCX_VALKEY_PORT")}
    for name, port in ({name: str(port) for name, port in ports.items()} | servers).items():
        other = taken.setdefault(port, name) if port else name
        if other != name:
            raise CannotStartError(f"{other} and {name} are both {port}: each needs a port of its own.")


def run(plan: Plan, children: Children) -> None:
    """Servers, preparation, programs, and then watching until somebody asks to stop."""
    started = time.monotonic()
    own_database, own_redis = _given(os.environ, "DATABASE_URL"), _given(os.environ, "REDIS_URL")
    servers = Servers(children)
    if plan.var_dir not in servers.home.parents and not (own_database and own_redis):
        print(
            f"The user {servers.account.name}, who runs the servers, cannot enter {plan.var_dir}:"
            f" their data are in {servers.home}.",
            flush=True,
        )
    close_to_others(children.var_dir)
    found = servers.start(with_postgres=not own_database, with_valkey=not own_redis)
    production = _is_on(os.environ, "CCX_PRODUCTION")
    environment = environment_of_programs(plan, {} if production else found)
    stamps = children.var_dir / "stamps" if own_database else servers.home
    preparation = Preparation(children, stamps=stamps, environment=environment)
    if production:
        preparation.check()
    preparation.migrate()
    preparation.collect_static()
    if _is_demonstration(os.environ):
        preparation.seed_demo()
    programs = Programs(plan, children, environment, catches_mail=_catches_mail(os.environ))
    programs.start_all()
    wait_until_served(plan, programs)
    greet(plan, seconds=time.monotonic() - started)
    logs_looked_at = time.monotonic()
    while True:
        programs.look_after()
        if time.monotonic() - logs_looked_at > LOGS_EVERY_SECONDS:
            children.trim_logs()
            logs_looked_at = time.monotonic()
        for name in servers.look_after():
            print(f"{name} had ended and runs again; its log is {children.var_dir / 'log' / name}.log.", flush=True)
        time.sleep(0.25)


def environment_of_programs(plan: Plan, found: Mapping[str, str]) -> dict[str, str]:
    """What is set wins over what the embedded servers tell."""
    told = {
        **found,
        "CCX_VAR": str(plan.var_dir),
        "CCX_BASE_URL": plan.address,
        "DJANGO_SETTINGS_MODULE": "ccx.settings.base",
        "PYTHONUNBUFFERED": "1",
    }
    if _catches_mail(os.environ):
        told |= {"CCX_SMTP_HOST": "127.0.0.1", "CCX_SMTP_PORT": str(plan.mail_port), "CCX_DEMO": "1"}
        told["CCX_FROM_EMAIL"] = "Fernwood <help@fernwood.example>"
    if not os.environ.get("CCX_SOCKETS_URL"):
        told["CCX_SOCKETS_PORT"] = str(plan.sockets_port)
    given = {name: value for name, value in os.environ.items() if value}
    for name in ("DATABASE_URL", "REDIS_URL", "CCX_SECRET_KEY"):
        if f"{name}_FILE" in given:
            told.pop(name, None)
    return told | given


class Programs:
    """Web, sockets, worker, scheduler: one that ends is started again, more slowly each time it ends at once."""

    def __init__(self, plan: Plan, children: Children, environment: Mapping[str, str], *, catches_mail: bool) -> None:
        self.children = children
        self.environment = environment
        self.arguments = commands(plan)
        if not catches_mail:
            del self.arguments["mail"]
        self.running: dict[str, Child] = {}
        self.born: dict[str, float] = {}
        self.pause: dict[str, float] = {}

    def start_all(self) -> None:
        """Start each program once."""
        for name in self.arguments:
            self._start(name)

    def look_after(self) -> None:
        """Start again what has ended, after a pause that grows."""
        now = time.monotonic()
        for name, child in list(self.running.items()):
            if child.is_running:
                continue
            steady = now - self.born[name] > STEADY_SECONDS
            pause = 0.5 if steady else min(LONGEST_PAUSE_SECONDS, self.pause.get(name, 0.25) * 2)
            if child in self.children.running:
                print(
                    f"{name} ended (status {child.process.returncode}); starting it again in {pause:.1f} s."
                    f" Its log is {self._log(name)}.",
                    flush=True,
                )
                self.children.forget(child)
                self.pause[name] = pause
                self.born[name] = now + pause
            elif now >= self.born[name]:
                self._start(name)

    def _start(self, name: str) -> None:
        self.running[name] = self.children.start(
            Command(
                name=name,
                arguments=self.arguments[name],
                log=self.children.var_dir / "log" / f"{name}.log",
                environment=self.environment,
                folder=PROJECT,
            )
        )
        self.born[name] = time.monotonic()

    def _log(self, name: str) -> str:
        return str(self.children.var_dir / "log" / f"{name}.log")


def wait_until_served(plan: Plan, programs: Programs) -> None:
    """Both doors open, or a sentence that says where to look."""
    deadline = time.monotonic() + READY_SECONDS
    for name, port in (("web", plan.port), ("sockets", plan.sockets_port)):
        while not answers(plan.shown_host, port):
            if not programs.running[name].is_running or time.monotonic() > deadline:
                raise CannotStartError(f"The {name} process does not start; its log is {programs._log(name)}.")
            time.sleep(0.1)


def greet(plan: Plan, *, seconds: float) -> None:
    """The address, and who may sign in."""
    print(f"\nCCX is ready after {seconds:.1f} s: {plan.address}", flush=True)
    sign_ins = plan.var_dir / "demo-signins.txt"
    if sign_ins.exists():
        print(f"\nDemo sign-ins (kept in {sign_ins}):\n{sign_ins.read_text(encoding='utf-8').rstrip()}", flush=True)
    else:
        print("No one can sign in yet? `python manage.py createadmin` prints a one-time link.", flush=True)
    print(f"\nLogs are in {plan.var_dir / 'log'}. Ctrl-C stops everything.", flush=True)


def stop(children: Children) -> None:
    """Programs first, then the servers they use."""
    if children.running:
        print("\nStopping ...", flush=True)
    servers = [child for child in children.running if child.name in {"postgres", "valkey"}]
    children.stop([child for child in children.running if child not in servers], STOP_SECONDS)
    children.stop(servers, 60)
    children.close()


def _catches_mail(environment: Mapping[str, str]) -> bool:
    """In a demonstration without a mail server, mail is caught and shown."""
    return _is_demonstration(environment) and not _given(environment, "CCX_SMTP_HOST")


def _is_demonstration(environment: Mapping[str, str]) -> bool:
    is_wanted = not _given(environment, "DATABASE_URL") or _is_on(environment, "CCX_DEMO")
    return is_wanted and not _is_on(environment, "CCX_PRODUCTION")


def _given(environment: Mapping[str, str], name: str) -> bool:
    return bool(environment.get(name) or environment.get(f"{name}_FILE"))


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name) in {"1", "true", "True"}


if __name__ == "__main__":
    sys.exit(main())
