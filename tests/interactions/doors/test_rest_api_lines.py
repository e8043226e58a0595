"""The system behind an API line: what became of our messages, and the files of its customers."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from interactions.channels.choices import Channel
from interactions.doors.files import fetch_due_files
from interactions.handling.models import Sending
from interactions.models import Attachment, Inbox, Interaction, Message
from tests.factories.api import Api, make_api
from tests.factories.contacts import Centre
from tests.factories.webservers import Said, stand_in


@pytest.fixture
def line(centre: Centre) -> Inbox:
    return Inbox.objects.create(name="shop", channel=Channel.API, default_queue=centre.queue)


@pytest.fixture
def said(api: Api, line: Inbox) -> Message:
    api.post("/api/v1/contacts", {"inbox": "shop", "external_id": "a", "body": "Hello"})
    return Message.objects.get()


@pytest.fixture
def sent(said: Message, line: Inbox, centre: Centre) -> Sending:
    answer = Message.objects.create(
        interaction=said.interaction, author_kind="agent", author=centre.alice, body="Yes", sent_at=timezone.now()
    )
    now = timezone.now()
    return Sending.objects.create(
        message=answer, inbox=line, channel=line.channel, recipient="a-7", state="sent", due_at=now, sent_at=now
    )


def report(api: Api, sent: Sending, state: str, **more: Any) -> Any:
    return api.post(f"/api/v1/messages/{sent.message.public_id}/report", {"state": state, **more})


def test_a_message_goes_forward_only_and_what_is_told_twice_is_told_once(api: Api, sent: Sending) -> None:
    told = [report(api, sent, state).json() for state in ("delivered", "delivered", "read", "delivered", "sent")]
    assert [(one["state"], one["is_new"]) for one in told] == [
        ("delivered", True),
        ("delivered", False),
        ("read", True),
        ("read", False),
        ("read", False),
    ]


def test_a_failure_says_why(api: Api, sent: Sending) -> None:
    assert report(api, sent, "failed", error="no such account", error_code="E7").json()["state"] == "failed"
    sent.refresh_from_db()
    assert sent.last_error == "no such account"


@pytest.mark.parametrize(
    "body", [{}, {"state": "queued"}, {"state": "read", "at": "now"}, {"state": "read", "x": 1}, []]
)
def test_what_is_no_report_is_refused(api: Api, sent: Sending, body: Any) -> None:
    assert api.post(f"/api/v1/messages/{sent.message.public_id}/report", body).status_code == 400


def test_strangers_and_other_lines_have_no_such_message(api: Api, sent: Sending, said: Message) -> None:
    assert report(make_api(sees_all=False), sent, "read").status_code == 404
    assert report(make_api("contacts:read"), sent, "read").status_code == 403
    assert api.post(f"/api/v1/messages/{uuid4()}/report", {"state": "read"}).status_code == 404
    assert api.post(f"/api/v1/messages/{said.public_id}/report", {"state": "read"}).status_code == 404
    Sending.objects.update(channel=Channel.SMS)
    assert report(api, sent, "read").status_code == 404
    files = {"files": [{"name": "a", "url": "https://files.example.com/a"}]}
    assert make_api(sees_all=False).post(f"/api/v1/messages/{said.public_id}/files", files).status_code == 404
    assert api.post(f"/api/v1/messages/{sent.message.public_id}/files", files).status_code == 404
    Interaction.objects.update(channel=Channel.CHAT)
    assert api.post(f"/api/v1/messages/{said.public_id}/files", files).status_code == 404


def test_files_of_a_customer_are_named_and_then_fetched(
    api: Api, said: Message, settings: LazySettings, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    with stand_in(Said(200, b"%PDF-1.7", {"content-type": "text/html"})) as server:
        files = {"files": [{"name": "../bill.pdf", "url": f"{server.url}/bill"}]}
        answer = api.post(f"/api/v1/messages/{said.public_id}/files", files, idempotency_key="k1")
        again = api.post(f"/api/v1/messages/{said.public_id}/files", files, idempotency_key="k1")
        assert (answer.status_code, again.status_code, answer.json()["owed"]) == (202, 202, 1)
        assert fetch_due_files() == 1
        (heard,) = server.heard
    assert not {"authorization", "cookie"} & set(heard.headers)
    kept = Attachment.objects.get()
    assert (kept.name, kept.content_type, kept.state) == ("bill.pdf", "application/pdf", "kept")


@pytest.mark.parametrize("url", ["http://169.254.169.254/x", "http://localhost/x", "file:///etc/passwd", "x"])
def test_a_file_inside_the_house_is_refused_at_once(api: Api, said: Message, url: str) -> None:
    answer = api.post(f"/api/v1/messages/{said.public_id}/files", {"files": [{"name": "a", "url": url}]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/files/0/url"
    assert not Attachment.objects.exists()
