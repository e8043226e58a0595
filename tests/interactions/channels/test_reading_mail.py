"""What a mail says: a folder of mails with what each must be read as, and mails made to do harm."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from interactions.channels.email.errors import MailIsUnreadableError
from interactions.channels.email.quoting import split_quoted
from interactions.channels.email.reading import Mail, parse

MAILS = Path(__file__).parent / "mails"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((MAILS / "expected.yaml").read_text(encoding="utf-8"))
HEAD = b"From: Ann <ann@example.test>\r\nMessage-ID: <a@example.test>\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
# Far above what each takes here, far below what it would take without bounds.
PATIENCE_SECONDS = 5


def told(mail: Mail) -> dict[str, Any]:
    names = ("sender", "sender_name", "reply_to", "subject", "text", "answers", "bounced", "flags")
    values: dict[str, Any] = {name: getattr(mail, name) for name in (*names, "is_automatic", "is_attested")}
    values["files"] = [[file.name, file.content_type, len(file.content)] for file in mail.files]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_mail_says_what_it_says(name: str) -> None:
    assert told(parse((MAILS / f"{name}.eml").read_bytes(), authserv_id="mx.ccx.test")) == EXPECTED[name]


def test_every_mail_of_the_folder_is_expected() -> None:
    assert {path.stem for path in MAILS.glob("*.eml")} == set(EXPECTED)


def test_without_a_server_of_ours_nobody_vouches_for_a_sender() -> None:
    assert not parse((MAILS / "attested.eml").read_bytes()).is_attested


def test_the_same_mail_has_the_same_digest_whatever_way_it_took_and_another_has_another() -> None:
    raw = (MAILS / "plain.eml").read_bytes()
    other_way = b"Received: from mx2.test\r\n" + raw.replace(b"\n", b"\r\n")
    assert parse(raw).digest == parse(other_way).digest
    assert parse(raw).digest != parse(raw.replace(b"Where", b"There")).digest


HARM = {
    "encoded_words": HEAD + b"Subject: " + b"=?utf-8?q?=C3=BC?=\r\n " * 20_000 + b"\r\n\r\nhi",
    "parameters": HEAD + b"Content-Type: text/plain; " + b"a=b; " * 20_000 + b"\r\n\r\nhi",
    "angle_brackets": b"From: ann@example.test\r\nMessage-ID: " + b"<" * 20_000 + b"\r\n\r\nhi",
    "blank_lines": HEAD + b"\r\n" + b"\r\n" * 50_000 + b"hi",
    "nested_divs": HTML + b"<div>" * 100_000 + b"hi" + b"</div>" * 100_000,
    "nested_quotes": HTML + b"<blockquote>" * 50_000 + b"hi",
    "less_than": HTML + b"<" * 1_000_000,
    "open_tags": HTML + b"hi" + b"<a " * 300_000,
    "open_styles": HTML + b"hi" + b"<style>" * 100_000,
    "open_comments": HTML + b"hi" + b"<!--" * 200_000,
    "half_entities": HTML + b"&#" * 400_000,
    "many_links": HTML + b"hi<a href=" + b"href=    " * 100_000 + b">x</a>",
    "empty_parts": MIXED + b"--b\n" * 2_000_000,
    "long_text": HEAD + b"\r\n" + b" ".join(b"w%d" % number for number in range(300_000)),
    "header_without_end": b"From: ann@example.test\r\n" + b"X-A: b\r\n" * 500_000,
}


@pytest.mark.parametrize("name", sorted(HARM))
def test_a_mail_made_to_take_long_does_not(name: str) -> None:
    started = time.process_time()
    mail = parse(HARM[name])
    assert time.process_time() - started < PATIENCE_SECONDS
    assert mail.sender == ("ann@example.test")


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"(" * 20_000 + b"\r\n\r\nhi",
        HEAD.replace(b"Message", b"X")
        + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
        + b"".join(
            b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (one, one + 1) for one in range(2_000)
        ),
    ],
    ids=["nested comments", "nested parts"],
)
def test_a_mail_nested_without_end_is_unreadable_and_nothing_worse(raw: bytes) -> None:
    with pytest.raises(MailIsUnreadableError):
        parse(raw)


def test_of_ten_thousand_files_a_hundred_are_read_and_the_rest_is_counted() -> None:
    part = b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n"
    mail = parse(MIXED + part * 10_000 + b"--b--")
    assert len(mail.files) == 100
    assert mail.flags == ("parts_left_out:9900",)


@pytest.mark.parametrize(
    ("text", "fresh"),
    [
        ("Thanks!\n\nOn Tue, 3 Mar 2026, Help <help@ccx.test>\nwrote:\n> It is\n> on its way", "Thanks!"),
        ("Danke!\n\nAm 03.03.26 um 10:00 schrieb Hilfe:\n\n> Unterwegs", "Danke!"),
        ("Yes\n\n-----Original Message-----\nFrom: Help\nSent: Tuesday\n\nIs it?", "Yes"),
        (
            "Yes\n\n________________________________\nFrom: Help <help@ccx.test>\nSent: Tuesday\nTo: Ann\n\nIs it?",
            "Yes",
        ),
        (
            "No quote at all\n\nOn Tuesday I wrote:\nnothing came.",
            "No quote at all\n\nOn Tuesday I wrote:\nnothing came.",
        ),
        ("> first?\nYes\n> second?\nNo", "> first?\nYes\n> second?\nNo"),
        ("> only a quote", "> only a quote"),
        ("", ""),
    ],
)
def test_what_is_new_is_told_from_what_it_answers(text: str, fresh: str) -> None:
    split = split_quoted(text)
    assert split.fresh == fresh
    assert "".join((split.fresh + split.quoted).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "On " + "a" * 200_000 + "\n" * 4_000,
        "\n".join(["On x" * 75] * 4_999),
        "\n" * 50_000,
        "\n".join(["From: x"] * 4_999),
    ],
    ids=["long line", "many beginnings", "many lines", "many senders"],
)
def test_text_made_to_be_searched_for_long_is_not(text: str) -> None:
    started = time.process_time()
    split_quoted(text)
    assert time.process_time() - started < PATIENCE_SECONDS
