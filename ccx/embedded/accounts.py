"""Who runs the servers, and where that account can reach their files. Servers never run as root."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccx.embedded.errors import CannotStartError

SYSTEM_HOME = Path("/var/lib/ccx")
LEAST_FREE_BYTES = 300_000_000


@dataclass(frozen=True)
class Account:
    """A user of this machine; `switch` says whether we must change into it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_arguments(self) -> dict[str, Any]:
        """For subprocess: run as this account, with no other group of ours."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def can_enter(self, folder: Path) -> bool:
        """Asked of the kernel rather than computed from modes: every parent and ACL counts."""
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)],
                check=False,
                stderr=subprocess.DEVNULL,
                cwd="/",
                **self.popen_arguments(),
            )
        except OSError:
            return False
        return done.returncode == 0


def server_account() -> Account:
    """Ourselves; but started by root, CCX_RUN_AS or nobody."""
    if os.geteuid() != 0:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), switch=False)
    name = os.environ.get("CCX_RUN_AS") or "nobody"
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise CannotStartError(f"CCX_RUN_AS names the user {name!r}, which this machine does not have.") from None
    if found.pw_uid == 0:
        raise CannotStartError("CCX_RUN_AS must not be root: the database servers refuse to run as root.")
    return Account(name, found.pw_uid, found.pw_gid, switch=True)


def prepare_home(var_dir: Path, account: Account) -> Path:
    """The folder of the servers' data, owned by their account and closed to others.

    Under var/, unless the account cannot get there; then under /var/lib/ccx. Modes of parents stay as they are.
    """
    home = _make(var_dir / "servers")
    if account.switch:
        _own(home, account)
        if not account.can_enter(home):
            name = hashlib.sha256(str(var_dir.resolve()).encode()).hexdigest()[:12]
            _make(SYSTEM_HOME, mode=0o755)
            home = _make(SYSTEM_HOME / name)
            _own(home, account)
            if not account.can_enter(home):
                raise CannotStartError(f"The user {account.name} can reach neither {var_dir} nor {home}.")
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE_BYTES:
        raise CannotStartError(
            f"The disk is full: {home} has {free // 1_000_000} MB left and the servers need"
            f" {LEAST_FREE_BYTES // 1_000_000} MB."
        )
    return home


def _make(folder: Path, mode: int = 0o700) -> Path:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise CannotStartError(f"CCX cannot write to {folder}: {error.strerror}.") from None
    return folder


def _own(folder: Path, account: Account) -> None:
    if folder.stat().st_uid != account.uid:
        shutil.chown(folder, account.uid, account.gid)
        folder.chmod(0o700)
