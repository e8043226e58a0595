"""Mails of the real world, many of them broken, through the real intake: none crashes it, none is lost."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interactions.channels.models import Inbox
from interactions.doors.mail.services import take_mail
from interactions.doors.models import Delivery
from interactions.intake.models import RawContact
from interactions.models import Message

pytestmark = pytest.mark.real_data
FOLDER = "email_mime"
# What the standard library's parser sees is a second opinion: of so many we see the same subject and as many files.
LEAST_SAME = 0.9


def mails(real_data: Path) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    for manifest in sorted((real_data / FOLDER).glob("*/manifest_*.json")):
        seen = json.loads(manifest.read_text(encoding="utf-8"))
        (folder,) = (path for path in manifest.parent.iterdir() if path.is_dir())
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = str(path.relative_to(folder))
                yield f"{manifest.parent.name}/{name}", path.read_bytes(), seen.get(name, {})


def test_every_mail_is_taken_in_or_put_aside_with_its_bytes(
    real_data: Path, line: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for name, raw, seen in mails(real_data):
        taken = take_mail(inbox=line, raw=raw)
        if taken.is_unreadable or taken.is_late:
            ends["put aside"] += 1
            assert Delivery.objects.filter(kind="mail", body=raw).exists(), name
            continue
        if taken.bounced:
            ends["told of mails of ours"] += 1
            continue
        assert taken.receipt is not None, name
        ends["taken in" if taken.receipt.is_new else "known already"] += 1
        assert RawContact.objects.filter(inbox=line, external_id=taken.receipt.external_id).exists(), name
        if taken.receipt.is_new and seen.get("Subject") and taken.receipt.message_id:
            message = Message.objects.select_related("interaction").get(pk=taken.receipt.message_id)
            said, told = message.interaction.subject, " ".join(seen["Subject"].split())
            same["subjects"] += said == told[:250]
            same["compared"] += 1
            named = [part["filename"] for part in seen["parts"] if part["filename"]]
            same["files"] += message.attachments.count() >= len(named)
    with capsys.disabled():
        print(f"\n{sum(ends.values())} mails: {dict(ends)}; {dict(same)}")  # noqa: T201
    assert sum(ends.values()) > 170
    assert same["subjects"] >= LEAST_SAME * same["compared"]
    assert same["files"] >= LEAST_SAME * same["compared"]


def test_replies_of_the_fixtures_are_taken_in_as_mails(real_data: Path, line: Inbox) -> None:
    paths = sorted((real_data / "email_reply_parsing").glob("*/emails/*.txt"))
    for number, path in enumerate(paths):
        head = f"From: p{number}@example.test\nMessage-ID: <{number}@example.test>\nSubject: x\n"
        taken = take_mail(
            inbox=line, raw=f"{head}Content-Type: text/plain; charset=utf-8\n\n".encode() + path.read_bytes()
        )
        assert taken.receipt is not None, path
        assert taken.receipt.is_new, path
        body = Message.objects.get(pk=taken.receipt.message_id).body
        words = path.read_bytes().decode("utf-8", "replace").replace("\x00", "\ufffd").split()
        assert len(body.split()) >= 0.9 * len(words), path
    assert len(paths) > 120
