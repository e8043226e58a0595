"""Files that a delivery brings, or that its provider keeps for us."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.utils import timezone

from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from interactions.cases.models import Attachment
from interactions.channels.models import Inbox
from interactions.doors import files
from interactions.doors.files import fetch_due_files
from interactions.doors.models import Delivery
from interactions.doors.webhooks.forgetting import purge_deliveries
from interactions.models import Message
from tests.factories.providers import PretendAdapter, bring, pretend_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(pretend: PretendAdapter, settings: LazySettings, tmp_path: Path) -> Inbox:
    settings.MEDIA_ROOT = tmp_path
    return pretend_line()


def on_disk() -> list[str]:
    found: list[str] = []
    for path, _folders, names in default_storage_walk():
        found += [f"{path}/{name}" for name in names]
    return found


def default_storage_walk() -> list[tuple[str, list[str], list[str]]]:
    waiting, walked = [""], []
    while waiting:
        path = waiting.pop()
        folders, names = default_storage.listdir(path)
        waiting += [f"{path}/{folder}".lstrip("/") for folder in folders]
        walked.append((path, folders, names))
    return walked


REMOTE = {"messages": [{"id": "m1", "text": "See", "files": [{"name": "../me.exe", "id": "f1"}]}]}
IN_HAND = {"messages": [{"id": "m1", "files": [{"name": "a.csv", "type": "text/csv", "text": "a,b"}]}]}


def test_a_file_that_the_provider_keeps_is_owed_and_fetched(line: Inbox, pretend: PretendAdapter) -> None:
    bring(line, REMOTE)
    owed = Attachment.objects.get()
    assert (owed.state, owed.name, owed.remote) == ("pending", "me.exe", {"id": "f1"})
    pretend.remote["f1"] = b"%PDF-1.7"
    assert fetch_due_files() == 1
    kept = Attachment.objects.get()
    assert (kept.state, kept.content_type, kept.size, kept.remote) == ("kept", "application/pdf", 8, {})
    assert "exe" not in kept.file.name
    assert fetch_due_files() == 0
    bring(line, REMOTE | {"again": 1})
    assert Attachment.objects.count() == 1


def test_a_fetch_that_fails_is_tried_again_and_one_that_is_refused_is_not(line: Inbox, pretend: PretendAdapter) -> None:
    bring(line, REMOTE)
    pretend.remote["f1"] = TemporaryEffectError("busy", retry_after=600)
    fetch_due_files()
    owed = Attachment.objects.get()
    assert (owed.state, owed.attempts) == ("pending", 1)
    assert owed.due_at is not None
    assert owed.due_at > timezone.now() + timedelta(seconds=500)
    assert fetch_due_files() == 0
    Attachment.objects.update(due_at=timezone.now())
    pretend.remote["f1"] = RefusedEffectError("gone")
    fetch_due_files()
    assert Attachment.objects.get().state == "lost"
    assert Message.objects.get().body == "See"


def test_after_many_tries_and_when_it_is_too_large_it_is_given_up(
    line: Inbox, pretend: PretendAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(line, REMOTE)
    pretend.remote["f1"] = OSError("the line broke")
    for _ in range(files.MOST_ATTEMPTS):
        assert Attachment.objects.get().state == "pending"
        Attachment.objects.update(due_at=timezone.now())
        fetch_due_files()
    assert Attachment.objects.get().state == "lost"
    Attachment.objects.update(state="pending", due_at=timezone.now(), attempts=0)
    monkeypatch.setattr(files, "MAX_FILE", 3)
    pretend.remote["f1"] = b"1234"
    fetch_due_files()
    assert Attachment.objects.get().state == "lost"
    assert on_disk() == []


def test_a_full_disk_costs_no_words_and_no_file(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "save", full)
        assert bring(line, IN_HAND).content == b"ok"
        assert Attachment.objects.get().state == "pending"
        Attachment.objects.update(due_at=timezone.now())
        fetch_due_files()
        assert Attachment.objects.get().state == "pending"
    Attachment.objects.update(due_at=timezone.now())
    assert purge_deliveries(before=timezone.now() + timedelta(days=90)) == 0
    fetch_due_files()
    kept = Attachment.objects.get()
    with kept.file.open() as file:
        assert (kept.state, kept.content_type, file.read()) == ("kept", "text/csv", b"a,b")
    assert purge_deliveries(before=timezone.now() + timedelta(days=90)) == 1


def test_a_delivery_that_is_not_taken_in_leaves_no_file_behind(line: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(line, IN_HAND)
    assert len(on_disk()) == 1
    bring(line, IN_HAND | {"again": 1})
    assert len(on_disk()) == 1

    def broken(*_args: object, **_more: object) -> None:
        raise ValueError("after the files")

    monkeypatch.setattr("interactions.doors.webhooks.services.attach", broken)
    told = {"messages": [IN_HAND["messages"][0] | {"id": "m2"}]}
    assert bring(line, told).content == b"kept"
    assert len(on_disk()) == 1
    assert Message.objects.count() == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done", "quarantined"}


def test_files_of_a_customer_who_was_erased_meanwhile_are_not_kept(
    line: Inbox, pretend: PretendAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(line, REMOTE)

    def fetched(*_args: object, **_more: object) -> files.FetchedFile:
        Attachment.objects.all().delete()
        return files.FetchedFile(name="x", content_type="", content=b"x")

    monkeypatch.setattr(pretend, "fetch", fetched)
    assert fetch_due_files() == 1
    assert on_disk() == []
