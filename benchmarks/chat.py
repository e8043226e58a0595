"""Sockets of visitors: what an idle one costs, how soon news stands in all, and what a message of theirs takes."""

import time
from typing import Final
from uuid import uuid4

from django.test import Client

from benchmarks.figures import Figure, percentile, say, tell
from benchmarks.live import browsers, resident_kib, server
from ccx.kernel.live import nudging
from ccx.kernel.live.topics import visitor_topic
from interactions.channels.choices import Channel
from interactions.doors.chat.tokens import new_token
from interactions.doors.models import ChatDevice, ChatVisitor
from interactions.models import Inbox, Queue

VISITORS: Final = 2_000
ACTIVE: Final = 200
ROUNDS: Final = 12
# As the widget spreads them (static/chat/line.js).
SPREAD_SECONDS: Final = 4
SHOP: Final = "https://shop.invalid"


def visitors() -> None:
    """Two thousand who look at a shop and say nothing; then all get news, several times; then some of them write."""
    inbox, tokens = _line_with(VISITORS)
    topics = [visitor_topic(key) for key in ChatVisitor.objects.filter(inbox=inbox).values_list("public_id", flat=True)]
    program = ("benchmarks.chat_client", str(inbox.public_id), SHOP, "0")
    with server() as (port, process):
        with browsers(port, program, [(tokens[0], "")]):
            time.sleep(1)  # what is loaded with the first socket
        before = resident_kib(process.pid)
        started = time.perf_counter()
        with browsers(port, program, [(token, "") for token in tokens]) as pages:
            took = time.perf_counter() - started
            say(f"{VISITORS} visitors in {took:.0f} s")
            time.sleep(5)
            memory = (resident_kib(process.pid) - before) / VISITORS
            pages.arrived()
            delays: list[float] = []
            for _ in range(ROUNDS):
                sent = time.monotonic()
                nudging.nudge(*topics, what="news")
                time.sleep(2)
                delays += [arrived - sent for arrived in pages.arrived()]
            taken = _messages(inbox, tokens[:ACTIVE])
    note = f"median {percentile(delays, 0.5) * 1000:.0f} ms, {ROUNDS} rounds, {VISITORS / took:.0f} connects/s"
    slow = percentile(delays, 0.95) * 1000
    tell(Figure(name="chat_visitors", size=VISITORS, value=slow, unit="ms (p95)", bar=1000, note=note))
    tell(Figure(name="chat_visitors_lost", size=VISITORS, value=VISITORS * ROUNDS - len(delays), unit="news", bar=0))
    tell(Figure(name="chat_visitors_memory", size=VISITORS, value=memory, unit="KiB a socket", bar=35))
    note = f"median {percentile(taken, 0.5) * 1000:.0f} ms, beside {VISITORS} sockets"
    slow = percentile(taken, 0.95) * 1000
    tell(Figure(name="chat_visitors_message", size=ACTIVE, value=slow, unit="ms (p95)", bar=500, note=note))


def storm() -> None:
    """The socket process is killed under two thousand visitors and started again: how soon all are back, and hear."""
    inbox, tokens = _line_with(VISITORS)
    program, pairs = ("benchmarks.chat_client", str(inbox.public_id), SHOP), [(token, "") for token in tokens]
    with server() as (port, process), browsers(port, (*program, "0"), pairs):
        process.kill()
        process.wait()
    with server(port) as (_, process):
        started = time.perf_counter()
        with browsers(port, (*program, str(SPREAD_SECONDS)), pairs) as pages:
            took = time.perf_counter() - started
            pages.arrived()
            taken = _messages(inbox, tokens[:ACTIVE])
            topics = ChatVisitor.objects.filter(inbox=inbox).values_list("public_id", flat=True)
            nudging.nudge(*(visitor_topic(key) for key in topics), what="news")
            time.sleep(5)
            heard = len(pages.arrived())
    note = f"they come within {SPREAD_SECONDS} s; a message meanwhile {percentile(taken, 0.95) * 1000:.0f} ms (p95)"
    tell(Figure(name="chat_storm", size=VISITORS, value=took, unit="s until all are back", bar=60, note=note))
    tell(Figure(name="chat_storm_deaf", size=VISITORS, value=VISITORS - heard, unit="visitors", bar=0))


def _line_with(number: int) -> tuple[Inbox, list[str]]:
    queue = Queue.objects.create(name=f"Chat {uuid4().hex[:8]}")
    inbox = Inbox.objects.create(
        name=f"Shop {uuid4().hex[:8]}", channel=Channel.CHAT, default_queue=queue, settings={"origins": [SHOP]}
    )
    rows = ChatVisitor.objects.bulk_create(ChatVisitor(inbox=inbox) for _ in range(number))
    secrets = [new_token() for _ in rows]
    ChatDevice.objects.bulk_create(
        ChatDevice(visitor=row, token_sha256=digest) for row, (_token, digest) in zip(rows, secrets, strict=True)
    )
    return inbox, [token for token, _digest in secrets]


def _messages(inbox: Inbox, tokens: list[str]) -> list[float]:
    """How long each of these visitors' first message takes, from the request to the answer."""
    client, taken = Client(), []
    for number, token in enumerate(tokens):
        body = {"id": str(uuid4()), "body": f"Where is order {number}?"}
        # One office behind one address may say so much; these come from many.
        headers = {"origin": SHOP, "authorization": f"Bearer {token}"}
        started = time.perf_counter()
        answer = client.post(
            f"/chat/{inbox.public_id}/messages",
            body,
            content_type="application/json",
            headers=headers,
            REMOTE_ADDR=f"10.0.{number // 200}.{number % 200}",
            SERVER_NAME="127.0.0.1",
        )
        taken.append(time.perf_counter() - started)
        if answer.status_code != 201:
            raise RuntimeError(f"A message was answered with {answer.status_code}.")
    return taken
