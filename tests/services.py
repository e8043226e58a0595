"""Real PostgreSQL and Valkey for one test session, when DATABASE_URL and REDIS_URL name none."""

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from ccx.embedded.errors import CannotStartError
from ccx.embedded.processes import Children
from ccx.embedded.servers import Servers
from ccx.settings.env import database_from_url

# As many databases as a server has when nobody says otherwise.
WORKER_DATABASES = 16
VAR = Path(settings.BASE_DIR) / "var" / "tests"


class TestServices:
    """Started by the session's first process; xdist's workers inherit the addresses."""

    __test__ = False

    def __init__(self) -> None:
        self.children = _children()
        self.servers = Servers(self.children, durable=False)
        found = self.servers.start(
            with_postgres="DATABASE_URL" not in os.environ, with_valkey="REDIS_URL" not in os.environ
        )
        self.addresses = {name: found[name] for name in ("DATABASE_URL", "REDIS_URL") if name not in os.environ}

    def stop(self) -> None:
        """Stop both; the data stay, so that the next session reuses its database."""
        self.servers.stop()
        self.children.close()


def _children() -> Children:
    """The kept folder; a session that runs beside another gets one of its own."""
    try:
        return Children(VAR, wait_for_lock=5)
    except CannotStartError:
        return Children(Path(tempfile.mkdtemp(prefix="ccx-tests-")))


def database_address() -> str:
    """The database of the running test, for a program started beside it."""
    to = settings.DATABASES["default"]
    return f"postgresql://{to['USER']}:{to['PASSWORD']}@{to['HOST']}:{to['PORT']}/{to['NAME']}"


def use(addresses: dict[str, str]) -> None:
    """Tell this process (Django has read its settings by now) and every process it starts."""
    os.environ.update(addresses)
    if "DATABASE_URL" in addresses:
        default: dict[str, Any] = settings.DATABASES["default"]
        # What settings/test.py asks of every connection stays, whatever the address says.
        asked = default["OPTIONS"]
        default.update(database_from_url(addresses["DATABASE_URL"]))
        default["OPTIONS"] = default["OPTIONS"] | asked
    if "REDIS_URL" in addresses:
        url = addresses["REDIS_URL"]
        settings.REDIS_URL = settings.CELERY_BROKER_URL = url
        settings.CACHES["default"]["LOCATION"] = url
        settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0]["address"] = url


def redis_of_worker(address: str, worker: str) -> str:
    """A Redis database for one of several test processes ("gw3"): emptying a cache empties its whole database."""
    number = int(worker.removeprefix("gw")) % WORKER_DATABASES
    return urlsplit(address)._replace(path=f"/{number}").geturl()
