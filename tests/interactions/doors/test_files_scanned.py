"""With a virus scanner, nobody opens a customer's file before it was found clean."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from ccx.kernel import viruses
from ccx.kernel.people.choices import Role
from interactions.cases.models import Attachment
from interactions.channels.models import Inbox
from interactions.customers.services import erase_customer
from interactions.doors.files import fetch_due_files
from interactions.models import Interaction
from tests.factories.people import make_user
from tests.factories.providers import PretendAdapter, bring, pretend_line
from tests.factories.scanners import EICAR, scanning

pytestmark = pytest.mark.django_db

REMOTE = {"messages": [{"id": "m1", "text": "See", "files": [{"name": "bill.pdf", "id": "f1"}]}]}


@pytest.fixture
def line(pretend: PretendAdapter, settings: LazySettings, tmp_path: Path) -> Iterator[Inbox]:
    settings.MEDIA_ROOT = tmp_path
    cache.delete(viruses.RESTS)
    yield pretend_line()
    cache.delete(viruses.RESTS)


def bring_in_hand(line: Inbox, text: str, number: str = "m1") -> Attachment:
    files = [{"name": "a.csv", "type": "text/csv", "text": text}]
    bring(line, {"messages": [{"id": number, "from": "ann", "files": files}]})
    return Attachment.objects.latest("pk")


def opened_by_the_boss(file: Attachment) -> tuple[int, str]:
    """What an administrator gets who may see everything: the file, and the page of its contact."""
    boss = Client()
    boss.force_login(make_user(Role.ADMINISTRATOR))
    page = boss.get(f"/interactions/{Interaction.objects.get().public_id}/")
    return boss.get(f"/attachments/{file.public_id}/").status_code, page.text


def test_a_file_is_held_until_it_is_found_clean(line: Inbox) -> None:
    with scanning() as scanner:
        held = bring_in_hand(line, "a,b")
        assert (held.state, bool(held.file), scanner.asked) == ("pending", False, [])
        status, page = opened_by_the_boss(held)
        assert status == 404
        assert "Being scanned for viruses" in page
        fetch_due_files()
        assert scanner.asked == [b"a,b"]
    held.refresh_from_db()
    with held.file.open() as file:
        assert (held.state, held.remote, file.read()) == ("kept", {}, b"a,b")
    assert opened_by_the_boss(held)[0] == 200


def test_a_file_with_a_virus_is_put_aside_for_good_and_goes_with_its_customer(
    line: Inbox, pretend: PretendAdapter
) -> None:
    with scanning() as scanner:
        bring(line, REMOTE)
        pretend.remote["f1"] = b"%PDF-1.7 " + EICAR
        fetch_due_files()
        assert len(scanner.asked) == 1
    aside = Attachment.objects.get()
    assert (aside.state, bool(aside.file), aside.error) == ("lost", False, "Eicar-Signature")
    assert default_storage.exists(aside.remote["aside"])
    status, page = opened_by_the_boss(aside)
    assert status == 404
    assert "Put aside, nobody can open it: Eicar-Signature" in page
    # Not even once there is no scanner any more.
    assert fetch_due_files() == 0
    customer = Interaction.objects.get().customer
    assert customer is not None
    erase_customer(customer_id=customer.pk, by=make_user(Role.ADMINISTRATOR))
    assert not default_storage.exists(aside.remote["aside"])


def test_while_nobody_answers_it_stays_held_and_is_asked_for_again(
    line: Inbox, pretend: PretendAdapter, settings: LazySettings
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.CCX_VIRUS_SCANNER = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        bring(line, REMOTE)
        pretend.remote["f1"] = b"%PDF-1.7"
        fetch_due_files()
        held = Attachment.objects.get()
        # The provider need not be asked for it again, and may have forgotten it.
        del pretend.remote["f1"]
        for _ in range(30):
            Attachment.objects.update(due_at=timezone.now())
            fetch_due_files()
        held.refresh_from_db()
        assert (held.state, held.size) == ("pending", 8)
        assert "does not answer" in held.error
        status, page = opened_by_the_boss(held)
        assert status == 404
        assert "Cannot be opened yet" in page
    cache.delete(viruses.RESTS)
    Attachment.objects.update(due_at=timezone.now())
    with scanning():
        fetch_due_files()
    held.refresh_from_db()
    with held.file.open() as file:
        assert (held.state, held.error, file.read()) == ("kept", "", b"%PDF-1.7")


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR\0", b"UNKNOWN COMMAND\0", b"\0", b"OK-ish\0", b"stream: ERROR\0"]
)
def test_what_is_no_verdict_clears_nothing(line: Inbox, answer: bytes) -> None:
    with scanning() as scanner:
        scanner.answer = answer
        held = bring_in_hand(line, "a,b")
        fetch_due_files()
    held.refresh_from_db()
    assert (held.state, "held" in held.remote) == ("pending", True)


def test_a_scanner_at_a_socket_of_the_machine_is_asked_in_pieces(db: None, tmp_path: Path) -> None:
    content = b"x" * (viruses.CHUNK * 3 + 1)
    with scanning(tmp_path / "clamd") as scanner:
        assert viruses.virus_in(content) == ""
        assert viruses.virus_in(content + EICAR) == "Eicar-Signature"
    assert scanner.asked == [content, content + EICAR]


def test_a_scanner_that_hangs_is_asked_by_one_and_then_left_alone(
    line: Inbox, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(viruses, "SECONDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.CCX_VIRUS_SCANNER = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(viruses.ScannerIsAwayError):
            viruses.virus_in(b"a")
    with scanning() as scanner, pytest.raises(viruses.ScannerIsAwayError):
        viruses.virus_in(b"a")
    assert scanner.asked == []
