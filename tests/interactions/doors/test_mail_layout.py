"""A mail as it was sent, in a document of its own."""

import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from ccx.kernel.models import AuditEntry
from ccx.kernel.people.choices import Role
from interactions.cases.models import Attachment, MessageHtml
from interactions.channels.models import Inbox
from interactions.desk.selectors import layouts
from interactions.doors.mail.services import take_mail
from interactions.models import Message
from tests.factories.contacts import Centre
from tests.factories.mailservers import a_mail
from tests.factories.people import make_user
from tests.factories.webservers import Heard, Said, stand_in

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
MAIL = """From: Ann <ann@example.test>
To: help@ccx.test
Cc: Ben <ben@example.test>
Message-ID: <m1@example.test>
Subject: My chair
Content-Type: multipart/related; boundary="b"

--b
Content-Type: text/html

<p onclick="alert(1)">It is <b>broken</b></p><img src="cid:chair"><img src="{remote}"><img src="{remote}" width="1">
--b
Content-Type: image/png
Content-ID: <chair>
Content-Transfer-Encoding: hex-free

--b--
"""


def taken(line: Inbox, remote: str) -> Message:
    import base64

    raw = MAIL.format(remote=remote).replace(
        "Content-Transfer-Encoding: hex-free\n",
        f"Content-Transfer-Encoding: base64\n\n{base64.b64encode(PNG).decode()}",
    )
    receipt = take_mail(inbox=line, raw=raw.encode()).receipt
    assert receipt is not None
    return Message.objects.get(pk=receipt.message_id)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_mail_is_shown_as_sent_without_what_it_would_load(line: Inbox, centre: Centre) -> None:
    message = taken(line, "https://t.example/p.gif")
    assert message.meta["cc"] == [{"name": "Ben", "address": "ben@example.test"}]
    assert MessageHtml.objects.get().has_remote
    answer = client_of(make_user(Role.ADMINISTRATOR)).get(f"/desk/messages/{message.public_id}/layout/")

    assert AuditEntry.objects.filter(object_kind="interaction", object_id=message.interaction_id).count() == 1
    html = answer.content.decode()
    assert "It is <b>broken</b>" in html
    assert "onclick" not in html
    assert "t.example" not in html
    (picture,) = re.findall(r'src="(/desk/pictures/[^"]+)"', html)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    shown = Client().get(picture)
    assert (shown.status_code, shown["Content-Type"], shown.content) == (200, "image/png", PNG)


def test_pictures_from_elsewhere_come_through_us_and_only_when_asked_for(line: Inbox, centre: Centre) -> None:
    heard: list[Heard] = []

    def answer(request: Heard) -> Said:
        heard.append(request)
        return Said(200, PNG)

    with stand_in(answer) as server:
        message = taken(line, f"{server.url}/p.png")
        client = client_of(make_user(Role.ADMINISTRATOR))
        client.get(f"/desk/messages/{message.public_id}/layout/")
        assert heard == []
        html = client.get(f"/desk/messages/{message.public_id}/layout/?images").content.decode()
        pictures = re.findall(r'src="(/desk/pictures/[^"]+)"', html)
        assert len(pictures) == 2  # the one that came along, and one from elsewhere; not the one of one pixel
        assert [Client().get(one).status_code for one in pictures] == [200, 200]
    assert len(heard) == 1
    assert "cookie" not in {name.lower() for name in heard[0].headers}


def test_a_mail_shows_no_picture_that_came_with_another(line: Inbox, centre: Centre) -> None:
    theirs = taken(line, "https://t.example/p.gif")
    raw = (
        b"From: eve@evil.test\nMessage-ID: <m2@evil.test>\nContent-Type: text/html\n\n"
        b'<p>Mine</p><img src="cid:chair"><img src="/attachments/%s/"><img src="cid:%d">'
        % (str(Attachment.objects.get().public_id).encode(), Attachment.objects.get().pk)
    )
    receipt = take_mail(inbox=line, raw=raw).receipt
    assert receipt is not None
    message = Message.objects.get(pk=receipt.message_id)
    html = client_of(make_user(Role.ADMINISTRATOR)).get(f"/desk/messages/{message.public_id}/layout/?images").text
    assert "Mine" in html
    assert "/desk/pictures/" not in html
    assert "/attachments/" not in html
    assert list(Attachment.objects.values_list("message", flat=True)) == [theirs.pk]


def test_strangers_see_neither_mail_nor_pictures(line: Inbox, centre: Centre) -> None:
    message = taken(line, "https://t.example/p.gif")
    assert client_of(make_user(name="Stranger")).get(f"/desk/messages/{message.public_id}/layout/").status_code == 404
    kept = Attachment.objects.get()
    for token in (str(kept.pk), signing.dumps(kept.pk), signing.dumps(kept.pk, salt=layouts.PICTURE)[:-1], "x" * 5000):
        assert Client().get(f"/desk/pictures/{token}/").status_code == 404


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x.png", "http://169.254.169.254/x.png", "file:///etc/passwd"])
def test_no_mail_makes_us_fetch_from_inside(address: str, db: None) -> None:
    token = signing.dumps(address, salt=layouts.PICTURE)
    assert Client().get(f"/desk/pictures/{token}/").status_code == 404


def test_where_answers_are_wanted_is_kept_with_the_words(line: Inbox) -> None:
    for number, wanted in ((8, "ann@elsewhere.test"), (9, "ann@example.test")):
        take_mail(inbox=line, raw=a_mail("Please", number=number, Reply_To=wanted))
    assert [one.meta.get("answers_to") for one in Message.objects.order_by("pk")] == ["ann@elsewhere.test", None]
