"""Files that customers sent: for those who may read the contact, to be saved and never run."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from ccx.kernel.people.choices import GrantScope, Role
from interactions.intake.services import receive
from interactions.models import Attachment, Interaction, Message
from tests.factories.contacts import contact
from tests.factories.customers import CustomerCentre
from tests.factories.people import make_grant, make_user


@pytest.fixture
def page(centre: CustomerCentre, settings: LazySettings, tmp_path: Path) -> Attachment:
    settings.MEDIA_ROOT = tmp_path
    number = receive(contact=contact(centre.inbox, "m1"), by_id=None).interaction_id
    message = Message.objects.create(
        interaction=Interaction.objects.get(pk=number), author_kind="customer", sent_at=timezone.now()
    )
    return Attachment.objects.create(
        message=message,
        file=ContentFile(b"<script>alert(1)</script>", name="x"),
        name='Straße "1"; \u202e.html',
        content_type="text/html",
        size=25,
        sha256="0" * 64,
    )


def signed_in(scope: GrantScope, target: int | None) -> Client:
    user = make_user(Role.SUPERVISOR)
    make_grant(user, scope, target)
    client = Client()
    client.force_login(user)
    return client


def test_a_page_that_a_customer_sent_is_saved_and_runs_nowhere(centre: CustomerCentre, page: Attachment) -> None:
    response = signed_in(GrantScope.TEAM, centre.team.pk).get(f"/attachments/{page.public_id}/")

    assert response.content == b"<script>alert(1)</script>"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''Stra%C3%9Fe")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Type"] == "application/octet-stream"
    assert "no-store" in response["Cache-Control"]


def test_a_stranger_finds_no_such_file_and_a_lost_one_is_not_an_error(centre: CustomerCentre, page: Attachment) -> None:
    other = signed_in(GrantScope.QUEUE, centre.queue.pk + 1)
    assert other.get(f"/attachments/{page.public_id}/").status_code == 404
    page.file.storage.delete(page.file.name)
    assert signed_in(GrantScope.TEAM, centre.team.pk).get(f"/attachments/{page.public_id}/").status_code == 404


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (40).to_bytes(4, "big") + (30).to_bytes(4, "big") + b"\x08\x02"


def with_content(page: Attachment, content: bytes, **fields: str) -> Attachment:
    page.file.save("other", ContentFile(content), save=False)
    for name, value in fields.items():
        setattr(page, name, value)
    page.save()
    return page


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"GIF89a" + b"\x10\x00\x10\x00", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x09\x00\x00", "image/webp"),
        (b"\xff\xd8\xff\xe0\x00\x04xx\xff\xc0\x00\x11\x08\x00\x20\x00\x20\x03", "image/jpeg"),
    ],
)
def test_a_picture_can_be_shown_where_it_stands_and_is_still_sandboxed(
    centre: CustomerCentre, page: Attachment, content: bytes, kind: str
) -> None:
    picture = with_content(page, content, name="me.html", content_type="text/html")
    client = signed_in(GrantScope.TEAM, centre.team.pk)
    shown = client.get(f"/attachments/{picture.public_id}/?inline")
    assert (shown["Content-Type"], shown["Content-Disposition"]) == (kind, 'inline; filename="me.html"')
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown["X-Content-Type-Options"] == "nosniff"
    saved = client.get(f"/attachments/{picture.public_id}/")
    assert saved["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"<?xml version='1.0'?><html/>",
        b"%PDF-1.7 /JavaScript",
        b"GIF89a=1;alert(1)//" + b"\xff" * 20,
        PNG[:16] + (50_000).to_bytes(4, "big") * 2,
        b"\x89PNG",
        b"",
    ],
)
def test_whatever_is_no_harmless_picture_is_saved_even_if_it_asks_to_be_shown(
    centre: CustomerCentre, page: Attachment, content: bytes
) -> None:
    """Scripts in SVG and PDF, a GIF that is a script and has no sane size, and a picture of 2.5 gigapixels."""
    poison = with_content(page, content, name="x.png", content_type="image/png")
    answer = signed_in(GrantScope.TEAM, centre.team.pk).get(f"/attachments/{poison.public_id}/?inline")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_what_is_not_fetched_yet_is_not_there(centre: CustomerCentre, page: Attachment) -> None:
    Attachment.objects.update(state="pending", file="")
    client = signed_in(GrantScope.TEAM, centre.team.pk)
    assert client.get(f"/attachments/{page.public_id}/").status_code == 404
    shown = client.get(f"/interactions/{page.message.interaction.public_id}/").content.decode()
    assert "Being fetched" in shown


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1.txt", "\u202egnp.exe", "../../etc/passwd", "x" * 300 + ".pdf"])
def test_no_name_makes_a_header_of_its_own(centre: CustomerCentre, page: Attachment, name: str) -> None:
    odd = with_content(page, b"x", name=name[:255])
    answer = signed_in(GrantScope.TEAM, centre.team.pk).get(f"/attachments/{odd.public_id}/")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "/" not in answer["Content-Disposition"].replace("utf-8''", "")
    assert len(answer["Content-Disposition"]) < 600
