# ruff: noqa: E501 - long lines of SQL; chance without secrets; our own programs
"""The ways in: REST one by one and by the hundred, a file of history, and how soon a contact stands in the figures."""

import csv
import hashlib
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

from benchmarks.figures import Figure, percentile, seconds_of, tell
from benchmarks.servers import pgbench
from benchmarks.wire import call_together
from ccx.embedded.ports import a_free_port
from ccx.kernel.access.choices import Scope
from ccx.kernel.events.months import ensure_partitions
from ccx.kernel.models import ApiKey, Grant, User
from ccx.kernel.people.choices import GrantScope, Role, UserKind
from interactions.cases.models import Message
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact
from interactions.channels.models import Inbox
from interactions.channels.services import keep_credentials
from interactions.customers.choices import Assurance
from interactions.doors.models import Delivery
from interactions.intake.services import receive

CLIENTS: Final = 8
SECONDS: Final = 6
ROUNDS: Final = 3
SECRET: Final = "b" * 43
FRESH_RATE: Final = 50
FRESH_SECONDS: Final = 20
IMPORTED: Final = 5_000

BARE_TABLES: Final = """
DROP TABLE IF EXISTS bare_interaction, bare_message;
CREATE TABLE bare_interaction (LIKE interactions_interaction INCLUDING ALL);
CREATE TABLE bare_message (LIKE interactions_message INCLUDING ALL);
"""
# One contact in one statement: the customer looked up, the interaction and its message written.
BARE_CONTACT: Final = """\\set customer random(1000, 1000000)
WITH known AS (SELECT max(id) AS id FROM interactions_customer WHERE id <= :customer),
started AS (INSERT INTO bare_interaction (id, public_id, inbox_id, channel, direction, status, customer_id, assurance, is_case_assumed, priority, subject, thread_token, started_at) SELECT nextval('interactions_interaction_id_seq'), gen_random_uuid(), 3, 3, 1, 'waiting', known.id, 2, false, 0, 'The invoice', '', now() FROM known RETURNING id)
INSERT INTO bare_message (id, public_id, interaction_id, author_kind, is_note, body, external_id, sent_at, recorded_at) SELECT nextval('interactions_message_id_seq'), gen_random_uuid(), id, 'customer', false, repeat('The amount is not the one of my contract. ', 6), '', now(), now() FROM started;
"""


def _token() -> str:
    user, _ = User.objects.get_or_create(
        email="machine@bench.invalid", defaults={"name": "Machine", "kind": UserKind.SERVICE, "role": Role.INTEGRATION}
    )
    Grant.objects.get_or_create(user=user, scope=GrantScope.ALL, target_id=None)
    ApiKey.objects.update_or_create(
        prefix="bench001",
        defaults={
            "user": user,
            "name": "Benchmarks",
            "secret_hash": hashlib.sha256(SECRET.encode()).hexdigest(),
            "scopes": [scope.value for scope in Scope],
        },
    )
    return f"ccx_bench001_{SECRET}"


@contextmanager
def program(*arguments: str) -> Iterator[None]:
    """A module of Python as a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str) -> None:
    """Until somebody answers there, whatever they say."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(url)


def _one_statement_rate() -> tuple[float, str]:
    """Transactions a second of BARE_CONTACT with 8 clients, and with what it was measured."""
    program = pgbench()
    if program is None:
        raise RuntimeError("The wheel of PostgreSQL has no pgbench.")
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(BARE_CONTACT)
        script.flush()
        done = subprocess.run(
            [program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS), "-f", script.name, os.environ["DATABASE_URL"]],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2]), "pgbench"


def _clients(url: str, token: str, *, bulk: int) -> tuple[list[float], float]:
    """What the callers' requests took, and contacts a second."""
    callers = CLIENTS if not bulk else 2
    told = call_together(
        [["benchmarks.client", url, token, str(SECONDS), str(bulk), uuid4().hex] for _ in range(callers)]
    )
    took = [seconds for one in told for seconds in one["took"]]
    return took, len(took) * (bulk or 1) / max(one["elapsed"] for one in told)


def intake(size: int, only: set[str]) -> None:
    """REST with all rules over one-statement transactions of the same rounds."""
    token = _token()
    ensure_partitions()
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLES)
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"
    # As the supervisor starts it.
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    web += ["--workers", "2", "--blocking-threads", "4"]
    bare, single, bulk, took = [], [], [], []
    with program(*web, "--no-ws", "--log-level", "error", "ccx.wsgi:application"):
        wait_for(f"{url}/api/v1/contacts")
        for _ in range(ROUNDS):
            rate, _name_of_program = _one_statement_rate()
            bare.append(rate)
            if "intake_single" in only:
                taken, rate = _clients(url, token, bulk=0)
                took += taken
                single.append(rate)
            if "intake_bulk" in only:
                bulk.append(_clients(url, token, bulk=100)[1])
    plain = statistics.median(bare)
    tell(Figure(name="pgbench", size=size, value=plain, unit="transactions/s", note="one statement, 8 clients"))
    if single:
        rate = statistics.median(single)
        tell(Figure(name="intake_single", size=size, value=rate, unit="contacts/s", ratio=rate / plain, bar=0.10, at_least=True))  # fmt: skip
        tell(Figure(name="intake_single_p99", size=size, value=percentile(took, 0.99) * 1000, unit="ms", bar=250))
    if bulk:
        rate = statistics.median(bulk)
        tell(Figure(name="intake_bulk", size=size, value=rate, unit="contacts/s", ratio=rate / plain, bar=2, at_least=True))  # fmt: skip


def webhooks(size: int) -> None:
    """A provider's deliveries, verified, kept and taken in, over one-statement transactions of the same rounds."""
    ensure_partitions()
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLES)
    inbox, _ = Inbox.objects.update_or_create(
        name="WhatsApp of benchmarks", defaults={"channel": Channel.WHATSAPP, "settings": {"phone_number_id": "1"}}
    )
    keep_credentials(inbox_id=inbox.pk, credentials={"app_secret": SECRET}, by=None)
    port = a_free_port()
    url = f"http://127.0.0.1:{port}/in/{inbox.public_id}/"
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    web += ["--workers", "2", "--blocking-threads", "4"]
    bare, once, again, took = [], [], [], []
    brought = 0
    with program(*web, "--no-ws", "--log-level", "error", "ccx.wsgi:application"):
        wait_for(url)
        for _ in range(ROUNDS):
            bare.append(_one_statement_rate()[0])
            taken, rate, number = _providers(url, times=1)
            took += taken
            once.append(rate)
            brought += number
            _taken, rate, number = _providers(url, times=5)
            again.append(rate)
            brought += number
    plain, rate = statistics.median(bare), statistics.median(once)
    settled = Delivery.objects.filter(inbox=inbox, state=Delivery.State.DONE).count()
    messages = Message.objects.filter(interaction__inbox=inbox).count()
    lost = f"{brought} brought, {settled} kept, {messages} messages"
    tell(Figure(name="intake_webhook", size=size, value=rate, unit="deliveries/s", ratio=rate / plain, bar=0.04, at_least=True, note=lost))  # fmt: skip
    tell(Figure(name="intake_webhook_p99", size=size, value=percentile(took, 0.99) * 1000, unit="ms", bar=250))
    tell(Figure(name="intake_webhook_again", size=size, value=statistics.median(again), unit="deliveries/s, each five times"))  # fmt: skip


def _providers(url: str, *, times: int) -> tuple[list[float], float, int]:
    """What the deliveries took, how many a second, and how many were different."""
    told = call_together(
        [["benchmarks.webhook_client", url, SECRET, str(SECONDS), str(times), uuid4().hex] for _ in range(CLIENTS)]
    )
    took = [seconds for one in told for seconds in one["took"]]
    return took, len(took) / max(one["elapsed"] for one in told), sum(one["brought"] for one in told)


def _history_file(path: Path) -> None:
    chance = random.Random(7)
    start = datetime(2026, 8, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["contact_id", "channel", "customer_id", "started_at", "ended_at", "outcome", "reason", "queue"])
        for number in range(IMPORTED):
            begins = start + timedelta(seconds=6 * number)
            ends = begins + timedelta(seconds=30 + chance.randrange(600))
            rows.writerow(
                [f"h{number}", "voice", f"k{chance.randrange(4000)}", begins.isoformat(), ends.isoformat(), "handled",
                 f"Reason {1 + number % 60}", f"Queue {1 + number % 40}"]
            )  # fmt: skip


def history_import(size: int) -> None:
    """A file through all rules over a bare COPY of as many interactions into a table with the same indexes."""
    ensure_partitions()
    rows = io.StringIO()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_copy")
        cursor.execute("CREATE TABLE bare_copy (LIKE interactions_interaction INCLUDING ALL)")
        cursor.copy_expert(
            f"COPY (SELECT * FROM interactions_interaction ORDER BY id LIMIT {IMPORTED}) TO STDOUT", rows
        )
        copies = []
        for _ in range(5):
            rows.seek(0)
            with transaction.atomic():
                copies.append(seconds_of(lambda: cursor.copy_expert("COPY bare_copy FROM STDIN", rows)))
                cursor.execute("TRUNCATE bare_copy")
    with tempfile.TemporaryDirectory(prefix="ccx-bench-") as folder:
        path = Path(folder) / "history.csv"
        _history_file(path)
        taken = seconds_of(
            lambda: call_command("import_history", str(path), mapping="contacts_csv", stdout=io.StringIO())
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(rows_added) FROM interactions_importrun")
        added = cursor.fetchone()[0]
    bare = IMPORTED / statistics.median(copies)
    tell(Figure(name="copy_with_indexes", size=size, value=bare, unit="rows/s"))
    tell(Figure(name="import", size=size, value=IMPORTED / taken, unit="contacts/s", ratio=IMPORTED / taken / bare, bar=0.03, at_least=True, note=f"{added} rows added"))  # fmt: skip


def freshness(size: int, ready: Callable[[], None]) -> None:
    """From the commit of a contact to the day's roll-up that counts it, at FRESH_RATE contacts a second."""
    ready()
    ensure_partitions()
    settings.REDIS_URL = os.environ["REDIS_URL"]
    worker = [
        "celery",
        "-A",
        "ccx.celery:app",
        "worker",
        "--concurrency",
        "1",
        "--queues",
        "ccx",
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "error",
    ]
    accepted: list[float] = []
    with program(*worker):
        _receive_one(0)
        base = _settled()
        sender = threading.Thread(target=_send, args=(accepted,))
        seen: list[tuple[float, int]] = []
        sender.start()
        until = time.monotonic() + FRESH_SECONDS + 30
        while time.monotonic() < until:
            counted = _counted() - base
            seen.append((time.monotonic(), counted))
            if not sender.is_alive() and counted >= len(accepted):
                break
            time.sleep(0.05)
        sender.join()
    delays = []
    moments = iter(seen)
    moment, counted = next(moments)
    for number, at in enumerate(accepted, start=1):
        while counted < number:
            moment, counted = next(moments, (float("inf"), number))
        delays.append(moment - at)
    rate = len(accepted) / (accepted[-1] - accepted[0])
    tell(Figure(name="freshness", size=size, value=percentile(delays, 0.95), unit="s", bar=3, note=f"{rate:.0f} contacts/s, median {statistics.median(delays):.2f} s"))  # fmt: skip


def _counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(contacts), 0) FROM analytics_dayrollup WHERE dimension = 0")
        return int(cursor.fetchone()[0])


def _settled() -> int:
    """Until the first contact stands in the figures: the worker is up."""
    before, until = _counted(), time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.3)
        now = _counted()
        if now != before:
            time.sleep(1)
            return _counted()
    raise TimeoutError("The worker counted nothing within a minute.")


def _send(accepted: list[float]) -> None:
    try:
        begun = time.monotonic()
        for number in range(1, FRESH_RATE * FRESH_SECONDS + 1):
            _receive_one(number)
            accepted.append(time.monotonic())
            time.sleep(max(0.0, begun + number / FRESH_RATE - time.monotonic()))
    finally:
        connections.close_all()


def _receive_one(number: int) -> None:
    who = random.randrange(1_000_000)
    claim = IdentityClaim(kind="email", value=f"c{who}@bench.invalid", assurance=Assurance.ATTESTED, source="bench")
    receive(
        contact=InboundContact(
            inbox_id=4, channel=4, external_id=f"fresh-{number}-{uuid4().hex}", occurred_at=datetime.now(UTC),
            identity=claim, subject="The invoice", body="The amount is not the one of my contract.",
        ),
        by_id=None,
    )  # fmt: skip
