"""Files on their way out have an address for their provider: a key for a quarter of an hour, and for nothing else."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from interactions.channels.contract import FetchedFile
from interactions.handling import services
from interactions.handling.selectors.choosing import Going
from interactions.handling.shown import file_address
from interactions.models import Attachment
from tests.factories.contacts import Centre
from tests.factories.desks import arrive, reply
from tests.factories.lines import pretend_lines


@pytest.fixture
def sent(centre: Centre) -> Attachment:
    with pretend_lines():
        number, draft_id = arrive(centre.email), uuid4()
        file = FetchedFile(name="bill.pdf", content_type="application/pdf", content=b"%PDF-1.7")
        kept = services.add_file(interaction_id=number, by=centre.alice, file=file, draft_id=draft_id)
        said = reply(number, centre.alice, "", draft_id=draft_id, going=Going(files=(kept.public_id,)))
    return said.message.attachments.get()


def path_of(address: str) -> str:
    return "/files/" + address.split("/files/")[1]


def test_the_provider_gets_the_file_to_be_saved_and_under_its_own_type(sent: Attachment, client: Client) -> None:
    answer = client.get(path_of(file_address(sent)))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"%PDF-1.7", "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="bill.pdf"'
    assert (answer["X-Content-Type-Options"], "sandbox" in answer["Content-Security-Policy"]) == ("nosniff", True)


def test_after_a_quarter_of_an_hour_altered_or_for_another_file_it_is_not_there(
    sent: Attachment, client: Client
) -> None:
    path = path_of(file_address(sent))
    assert client.get(path[:-2] + ("A/" if path[-2] != "A" else "B/")).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.get(path).status_code == 404
    Attachment.objects.filter(pk=sent.pk).delete()
    assert client.get(path).status_code == 404


def test_what_customers_sent_has_no_such_address(sent: Attachment, client: Client, centre: Centre) -> None:
    theirs: Any = sent
    theirs.message.sending.delete()
    assert client.get(path_of(file_address(theirs))).status_code == 404
