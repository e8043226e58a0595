"""What must have happened before the programs start; done again only when its inputs changed."""

import contextlib
import hashlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from ccx.embedded.errors import CannotStartError
from ccx.embedded.processes import Children, Command, last_words
from ccx.supervisor.programs import PROJECT

APPS = ("ccx/kernel", "interactions", "feedback", "journeys", "analytics")


def fingerprint(paths: Iterable[Path], *, words: str = "") -> str:
    """A hash over names, sizes and times of files: cheap, and different whenever something changed."""
    digest = hashlib.sha256(words.encode())
    for path in sorted(paths):
        found = path.stat()
        digest.update(f"{path}:{found.st_size}:{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class Preparation:
    """Runs manage.py commands, remembering beside the data what was done."""

    def __init__(self, children: Children, *, stamps: Path, environment: Mapping[str, str]) -> None:
        self.children = children
        self.stamps = stamps
        self.var_dir = children.var_dir
        self.environment = dict(environment)

    def migrate(self) -> None:
        """Bring the database to the code's shape."""
        files = [path for app in APPS for path in (PROJECT / app / "migrations").rglob("*.py")]
        self._once("migrate", fingerprint([*files, PROJECT / "requirements.txt"]), ["migrate", "--no-input"])

    def collect_static(self) -> None:
        """Gather and hash the static files."""
        sources = [path for path in (PROJECT / "static").rglob("*") if path.is_file()]
        sources += [path for path in (PROJECT / "package-lock.json", PROJECT / "requirements.txt") if path.exists()]
        target = self.environment.get("CCX_STATIC_ROOT") or str(self.var_dir / "static")
        mark = fingerprint(sources, words=target if Path(target).is_dir() else "new")
        self._once("static", mark, ["collectstatic", "--no-input", "--verbosity", "0"])
        self._stamp("static", fingerprint(sources, words=target))

    def seed_demo(self) -> None:
        """Fill an empty database with the demonstration centre, once per installation."""
        if any(PROJECT.glob("*/management/commands/seed_demo.py")) or any(
            PROJECT.glob("ccx/*/management/commands/seed_demo.py")
        ):
            self._once("seed", "done", ["seed_demo", "--if-empty"])

    def check(self) -> None:
        """Refuse combinations of settings that must not go to work."""
        self._manage("check", ["check", "--deploy"])

    def _once(self, name: str, mark: str, arguments: list[str]) -> None:
        if self._stamped(name) == mark:
            return
        print(f"  {name} ...", flush=True)
        self._manage(name, arguments)
        self._stamp(name, mark)

    def _stamped(self, name: str) -> str:
        try:
            return (self.stamps / f"{name}.stamp").read_text(encoding="ascii")
        except OSError:
            return ""

    def _stamp(self, name: str, mark: str) -> None:
        try:
            self.stamps.mkdir(parents=True, exist_ok=True)
            (self.stamps / f"{name}.stamp").write_text(mark, encoding="ascii")
        except OSError as error:
            raise CannotStartError(f"CCX cannot write to {self.stamps}: {error.strerror}.") from None

    def _manage(self, name: str, arguments: list[str]) -> None:
        log = self.var_dir / "log" / f"{name}.log"
        with contextlib.suppress(OSError):  # one that cannot be written is told at the start
            log.unlink(missing_ok=True)
        program = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        child = self.children.start(
            Command(name=name, arguments=program, log=log, environment=self.environment, folder=PROJECT)
        )
        status = child.process.wait()
        self.children.forget(child)
        if status:
            raise CannotStartError(
                f"manage.py {arguments[0]} failed: {last_words(log, marks=('rror: ',)) or 'no reason given'}."
                f" Its output is {log}."
            )
