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
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in response["Cache-Control"]


def test_a_stranger_finds_no_such_file_and_a_lost_one_is_not_an_error(centre: CustomerCentre, page: Attachment) -> None:
    other = signed_in(GrantScope.QUEUE, centre.queue.pk + 1)
    assert other.get(f"/attachments/{page.public_id}/").status_code == 404
    page.file.storage.delete(page.file.name)
    assert signed_in(GrantScope.TEAM, centre.team.pk).get(f"/attachments/{page.public_id}/").status_code == 404
