"""Mail that a provider brings goes the way of mail that was fetched; what it tells of ours reaches the answer."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from ccx.kernel.events.effects import TemporaryEffectError
from interactions.channels.email.esp_sns import certificate_key
from interactions.channels.registry import webhook_url
from interactions.channels.services import keep_credentials
from interactions.doors.models import Delivery
from interactions.doors.webhooks.services import sweep_deliveries
from interactions.handling.models import Sending
from interactions.handling.outgoing import send_due_messages
from interactions.models import Inbox, Interaction, Message
from tests.factories import mailproviders as bring
from tests.factories.contacts import Centre
from tests.factories.desks import reply
from tests.factories.mailservers import a_mail
from tests.factories.webservers import Heard, Said, stand_in


def line_at(centre: Centre, provider: str, **settings: Any) -> Inbox:
    inbox = centre.email
    inbox.provider, inbox.address, inbox.settings = provider, "help@ccx.test", settings
    inbox.save()
    return keep_credentials(inbox_id=inbox.pk, credentials=bring.line_of(provider).secrets, by=None)


def brought(inbox: Inbox, request: Any) -> int:
    local = "/" + webhook_url(inbox).split("/", 3)[3]
    headers = {name: value for name, value in request.headers.items() if name != "content-type"}
    kind = request.headers["content-type"]
    return Client().generic("POST", local, request.body, content_type=kind, headers=headers).status_code


def mail(raw: bytes, **more: Any) -> Any:
    told = {"FromFull": {"Email": "ann@example.test"}, "RawEmail": raw.decode(), **more}
    return bring.with_password(bring.as_json(told))


def test_a_mail_comes_in_an_answer_leaves_bounces_and_the_customers_answer_comes_back(centre: Centre) -> None:
    accepted = {"ErrorCode": 0, "Message": "OK", "MessageID": "p1", "To": "ann@example.test"}
    with stand_in(Said(200, json.dumps(accepted).encode(), {"content-type": "application/json"})) as provider:
        inbox = line_at(centre, "postmark", api_url=provider.url)
        first = mail(a_mail("Where is my order?"))
        assert [brought(inbox, first) for _ in range(2)] == [200, 200]
        said = reply(Interaction.objects.get().pk, centre.alice, "It leaves tomorrow.")
        Sending.objects.update(due_at=said.message.sent_at)
        assert send_due_messages() == 1
    back = json.loads(provider.heard[0].body)["ReplyTo"]
    # Its headers name the line only; the envelope has the token.
    assert brought(inbox, mail(a_mail("Thank you!", number=2, Subject="Another"), OriginalRecipient=back)) == 200

    assert Interaction.objects.count() == 1
    assert list(Message.objects.order_by("pk").values_list("body", flat=True)) == [
        "Where is my order?",
        "It leaves tomorrow.",
        "Thank you!",
    ]
    sending = Sending.objects.get()
    assert (sending.state, sending.provider_id) == ("sent", "p1")
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "MessageID": "p1", "Description": "No such user"}
    assert brought(inbox, bring.with_password(bring.as_json({**bounce, "Email": "ann@example.test"}))) == 200
    sending.refresh_from_db()
    assert (sending.state, "No such user" in sending.last_error) == ("failed", True)


def test_a_mail_that_cannot_be_read_is_put_aside_with_its_bytes(centre: Centre) -> None:
    inbox = line_at(centre, "postmark")
    assert brought(inbox, mail(b"From: " + b"(" * 20_000 + b"\n\nhi")) == 200
    kept = Delivery.objects.get()
    assert (kept.state, b"((((" in bytes(kept.body), Message.objects.count()) == ("quarantined", True, 0)


def test_a_mail_that_the_provider_keeps_while_it_is_down_is_taken_in_later(centre: Centre) -> None:
    is_up = False

    def provide(heard: Heard) -> Said:
        if not is_up:
            return Said(503)
        if heard.path == "/raw":
            return Said(200, a_mail("Where is my order?"))
        return Said(200, json.dumps({"raw_message_url": f"{provider.url}/raw"}).encode())

    event = {"event": "inbound.message_received", "inbox_id": 5, "message_id": "mt1"}
    with stand_in(provide) as provider:
        inbox = line_at(centre, "mailtrap", inbound_api_url=provider.url)
        assert brought(inbox, bring.mailtrap({"events": [event]})) == 200
        kept = Delivery.objects.get()
        assert (kept.state, kept.attempts) == ("received", 1)
        is_up = True
        assert sweep_deliveries(now=timezone.now() + timedelta(minutes=5)) == 1
    assert Message.objects.get().body == "Where is my order?"
    assert Delivery.objects.get().state == "done"


def test_a_note_of_amazons_is_taken_in_once_and_an_altered_one_is_refused(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = line_at(centre, "ses", region="eu-central-1", topics=[bring.TOPIC])
    receipt = {"recipients": ["help@ccx.test"], "action": {"type": "SNS", "encoding": "UTF8"}}
    content = a_mail("Where is my order?").decode()
    note = bring.ses({"notificationType": "Received", "content": content, "receipt": receipt})
    for byte, other in ((b"order", b"ordes"), (b"n1", b"n2"), (b":mail", b":mair"), (b"Notification", b"notification")):
        altered = replace(note, body=note.body.replace(byte, other, 1))
        assert brought(inbox, altered) == 403
    assert not Delivery.objects.exists()
    # Its certificate cannot be had: Amazon, which never comes again after a 4xx, hears to come again.
    cache.delete(certificate_key(bring.SNS_CERTIFICATE))

    def is_away(*_told: Any, **_more: Any) -> None:
        raise TemporaryEffectError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr("ccx.kernel.egress.ask", is_away)
        assert brought(inbox, note) == 503
    assert not Delivery.objects.exists()
    cache.set(certificate_key(bring.SNS_CERTIFICATE), bring.a_certificate(bring.RSA))
    assert [brought(inbox, note) for _ in range(2)] == [200, 200]
    assert Message.objects.get().body == "Where is my order?"
