"""Answers to any other system: what a receiver with the stock library of Standard Webhooks finds."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    ReceiverIsGoneError,
    RefusedEffectError,
    TemporaryEffectError,
)
from interactions.channels.choices import Channel
from interactions.channels.contract import Line, Outgoing, OutgoingFile
from interactions.channels.hooks.adapter import HookAdapter
from tests.factories.webservers import Said, StandIn, stand_in

NEW, OLD = "whsec_" + "bmV3" * 8, "whsec_" + "b2xk" * 8
MESSAGE = Outgoing(
    reference=UUID("01a22063-60c4-76b0-a123-7b5998754224"),
    recipient="a-7",
    body="Grüße 👋",
    subject="Order",
    author="Alice",
)


@contextmanager
def receiver(said: Any = None, **secrets: str) -> Iterator[tuple[Line, StandIn]]:
    with stand_in(said) as server:
        yield (
            Line(
                inbox_id=1,
                public_id=MESSAGE.reference,
                channel=Channel.API,
                name="Shop",
                settings={"url": f"{server.url}/hook?a=1"},
                secrets=secrets or {"secret": NEW},
            ),
            server,
        )


def test_the_stock_library_verifies_what_we_send_and_nothing_that_was_changed() -> None:
    with receiver() as (line, server):
        HookAdapter().send(line, MESSAGE)
        (heard,) = server.heard
    assert heard.path == "/hook?a=1"
    told = Webhook(NEW).verify(heard.body, heard.headers)
    assert told["type"] == "message.sent"
    assert told["data"]["id"] == str(MESSAGE.reference)
    assert (told["data"]["body"], told["data"]["recipient"]) == ("Grüße 👋", "a-7")
    assert "Grüße".encode() in heard.body
    for changed in (heard.body.replace(b"a-7", b"a-8"), heard.body + b" "):
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(changed, heard.headers)
    for name in ("webhook-id", "webhook-timestamp"):
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(heard.body, heard.headers | {name: heard.headers[name] + "1"})


def test_while_the_secret_changes_both_verify() -> None:
    with receiver(secret=NEW, old_secret=OLD) as (line, server):
        HookAdapter().send(line, MESSAGE)
        (heard,) = server.heard
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(heard.body, heard.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "b3RoZXI=" * 4).verify(heard.body, heard.headers)


def test_sent_twice_it_bears_the_same_id() -> None:
    with receiver() as (line, server):
        for _ in range(2):
            HookAdapter().send(line, MESSAGE)
        first, second = server.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"msg_{MESSAGE.reference}"


@pytest.mark.parametrize(
    ("answer", "provider_id"),
    [
        (b'{"id": "theirs"}', "theirs"),
        (b'{"id": 7}', str(MESSAGE.reference)),
        (b'{"id": "' + b"x" * 251 + b'"}', str(MESSAGE.reference)),
        (b"<h1>ok</h1>", str(MESSAGE.reference)),
        (b"[" * 100_000, str(MESSAGE.reference)),
        (b"", str(MESSAGE.reference)),
    ],
    ids=range(6),
)
def test_whatever_the_receiver_answers_the_message_has_an_id(answer: bytes, provider_id: str) -> None:
    with receiver(Said(200, answer)) as (line, _server):
        assert HookAdapter().send(line, MESSAGE).provider_id == provider_id


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, RefusedEffectError),
        (400, RefusedEffectError),
        (404, RefusedEffectError),
        # Somebody has to look at the line first: nothing more is sent.
        (401, CredentialsRefusedError),
        (410, ReceiverIsGoneError),
        (429, TemporaryEffectError),
        (500, TemporaryEffectError),
        (502, TemporaryEffectError),
    ],
)
def test_the_receivers_status_says_whether_it_is_tried_again(status: int, error: type[Exception]) -> None:
    with receiver(Said(status)) as (line, _server), pytest.raises(error):
        HookAdapter().send(line, MESSAGE)


def test_without_a_secret_that_is_one_nothing_leaves() -> None:
    for secrets in ({"other": "x"}, {"secret": "whsec_"}, {"secret": "€"}, {"secret": "word"}):
        with receiver(**secrets) as (line, server):
            with pytest.raises(CredentialsRefusedError):
                HookAdapter().send(line, MESSAGE)
            assert server.heard == []


def test_files_are_named_by_addresses() -> None:
    file = OutgoingFile(
        name="a.pdf", content_type="application/pdf", size=3, read=lambda: b"abc", url=lambda: "https://x"
    )
    with receiver() as (line, server):
        HookAdapter().send(line, replace(MESSAGE, files=(file,)))
        told = json.loads(server.heard[0].body)
    assert told["data"]["files"] == [
        {"name": "a.pdf", "content_type": "application/pdf", "size": 3, "url": "https://x"}
    ]


def test_trying_the_line_says_precisely_what_failed() -> None:
    def tried(line: Line) -> list[tuple[bool, str]]:
        return [(step.is_well, step.told) for step in HookAdapter().check(line)]

    with receiver() as (line, server):
        assert [is_well for is_well, _ in tried(line)] == [True, True, True]
        assert json.loads(server.heard[0].body)["type"] == "ping"
        assert tried(replace(line, settings={}))[0][0] is False
        (_, told) = tried(replace(line, settings={"url": "http://10.0.0.1/"}))[0]
        assert "not a public address" in told
        assert "whsec_" in tried(replace(line, secrets={"secret": "word"}))[1][1]
    with receiver(Said(404)) as (line, _server):
        assert "404" in tried(line)[2][1]
