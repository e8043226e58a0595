"""Messengers from their provider to the record: what begins a contact, what changes a message, what is fetched."""

import json
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from interactions.cases.models import Interaction, Message
from interactions.channels.models import Inbox
from interactions.channels.registry import line_of, webhook_url
from interactions.channels.services import keep_credentials
from interactions.customers.models import Consent, Customer, Identity
from interactions.doors.files import fetch_due_files
from interactions.doors.models import Delivery
from interactions.doors.webhooks.missed import take_all_missed
from interactions.handling.models import Sending
from interactions.models import Attachment
from tests.factories.webservers import Heard, Said, stand_in
from tests.interactions.channels.kit import Kit, Wire
from tests.interactions.channels.kits.messengers import FacebookKit, SmsKit, TelegramKit, WhatsAppKit, said

pytestmark = pytest.mark.django_db
OGG = b"OggS" + bytes(60)


def line_of_kit(kit: Kit, **settings: Any) -> Inbox:
    inbox = Inbox.objects.create(
        name=f"Line {Inbox.objects.count()}",
        channel=kit.channel,
        address=kit.address,
        settings={**kit.settings, **settings},
    )
    return keep_credentials(inbox_id=inbox.pk, credentials=kit.secrets, by=None)


def bring(kit: Kit, inbox: Inbox, wire: Wire) -> int:
    signed = kit.sign(wire, line_of(inbox), f"{webhook_url(inbox)}{wire.path}")
    local = f"/in/{inbox.public_id}/{wire.path}"
    headers = dict(signed.headers)
    return Client().post(local, signed.body, content_type=wire.content_type, headers=headers).status_code


def sent(inbox: Inbox, recipient: str, provider_id: str, minutes: int) -> Sending:
    at = timezone.now() - timedelta(minutes=minutes)
    message = Message.objects.create(interaction=Interaction.objects.get(), author_kind="system", sent_at=at)
    return Sending.objects.create(
        message=message,
        inbox=inbox,
        channel=inbox.channel,
        recipient=recipient,
        state="sent",
        due_at=at,
        sent_at=at,
        provider_id=provider_id,
    )


def test_stop_takes_consent_back_and_start_gives_it_again_without_a_contact() -> None:
    kit = SmsKit()
    inbox = line_of_kit(kit)

    def text(sid: str, body: str) -> int:
        return bring(
            kit, inbox, kit.form(MessageSid=sid, SmsStatus="received", From=kit.recipient, Body=body, NumMedia="0")
        )

    # Who was never heard of has nothing to take back.
    assert text("SM0", "STOP") == 200
    assert (Customer.objects.count(), Consent.objects.count()) == (0, 0)
    assert [text("SM1", "Where is my parcel?"), text("SM2", "Stop"), text("SM2", "Stop"), text("SM3", "START")] == [
        200
    ] * 4
    told = Consent.objects.order_by("at").values_list("purpose", "channel", "state", "source")
    assert list(told) == [("service", inbox.channel, "withdrawn", "SMS"), ("service", inbox.channel, "given", "SMS")]
    assert list(Message.objects.values_list("body", flat=True)) == ["Where is my parcel?"]
    assert Identity.objects.get().assurance == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_signs_and_edits_change_the_message_they_are_on_and_begin_nothing() -> None:
    kit = WhatsAppKit()
    inbox = line_of_kit(kit)
    other = {"type": "reaction", "id": "wamid.r", "text": None}

    def reaction(sign: str, to: str, at: int) -> Wire:
        return kit.message(1, **other, timestamp=str(1697043223 + at), reaction={"message_id": to, "emoji": sign})

    # The sign overtakes the message that it is on.
    bring(kit, inbox, reaction("👍", "wamid.1", 1))
    assert Delivery.objects.get().state == "received"
    bring(kit, inbox, kit.message(1))
    ours = sent(inbox, kit.recipient, "wamid.OURS", 1)
    bring(kit, inbox, reaction("❤", "wamid.OURS", 2))
    bring(kit, inbox, reaction("😀", "wamid.OURS", 4))
    bring(kit, inbox, reaction("", "wamid.OURS", 3))
    edited = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Hello, both"}}}
    bring(kit, inbox, kit.message(2, type="edit", edit=edited))
    theirs = Message.objects.get(external_id="wamid.1")
    assert [one["sign"] for one in theirs.meta["reactions"]] == ["👍"]
    assert (theirs.body, theirs.meta["first"]) == ("Hello, both", "Hello, no 1")
    ours.message.refresh_from_db()
    assert [(one["by"], one["sign"]) for one in ours.message.meta["reactions"]] == [("+4915112345678", "😀")]
    assert (Interaction.objects.count(), Message.objects.count()) == (1, 2)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_messengers_mark_of_what_was_seen_moves_all_that_was_sent_before_to_that_person() -> None:
    kit = FacebookKit()
    inbox = line_of_kit(kit)
    bring(kit, inbox, kit.message(1))
    before, after = sent(inbox, kit.recipient, "m_a", 9), sent(inbox, kit.recipient, "m_b", 1)
    other = sent(inbox, "another", "m_c", 9)
    seen = int((timezone.now() - timedelta(minutes=5)).timestamp() * 1000)
    assert bring(kit, inbox, kit.event(timestamp=seen, read={"watermark": seen})) == 200
    states = [Sending.objects.get(pk=one.pk).state for one in (before, after, other)]
    assert states == ["read", "sent", "sent"]


def test_a_voice_message_is_fetched_and_kept_under_its_own_type() -> None:
    kit = TelegramKit()

    def answer(heard: Heard) -> Said:
        if heard.path.endswith("/getFile"):
            return said({"ok": True, "result": {"file_path": "voice/1.oga", "file_size": len(OGG)}})
        return Said(200, OGG, {"content-type": "application/octet-stream"})

    with stand_in(answer) as server:
        inbox = line_of_kit(kit, api_base=server.url)
        message = json.loads(kit.message(1).body)["message"]
        message = {key: value for key, value in message.items() if key != "text"}
        bring(kit, inbox, kit.update(message={**message, "voice": {"file_id": "f", "mime_type": "audio/ogg"}}))
        assert Attachment.objects.get().state == "pending"
        assert fetch_due_files() == 1
    kept = Attachment.objects.get()
    assert (kept.state, kept.name, kept.content_type, kept.size) == ("kept", "voice.ogg", "audio/ogg", len(OGG))
    with default_storage.open(kept.file.name) as file:
        assert file.read() == OGG


def test_what_came_while_we_were_down_is_taken_once_and_one_provider_that_is_away_stops_no_other() -> None:
    kit, now = SmsKit(), timezone.now()

    def row(sid: str, body: str) -> dict[str, Any]:
        at = format_datetime(now - timedelta(minutes=5))
        return {"sid": sid, "direction": "inbound", "from": kit.recipient, "body": body, "date_created": at}

    rows = [row("SM1", "First"), row("SM2", "Second"), row("SM3", "STOP")]
    with stand_in(said({"messages": rows})) as server:
        line_of_kit(WhatsAppKit())
        line_of_kit(kit, api_base="http://127.0.0.1:1")
        inbox = line_of_kit(kit, api_base=server.url)
        first = kit.form(MessageSid="SM1", SmsStatus="received", From=kit.recipient, Body="First", NumMedia="0")
        bring(kit, inbox, first)
        assert [take_all_missed(), take_all_missed()] == [1, 0]
    # Down for two hours: what comes first afterwards says nothing of what came meanwhile.
    later = now + timedelta(hours=2)
    with stand_in(said({"messages": [*rows, row("SM4", "Third")]})) as server:
        inbox.settings |= {"api_base": server.url}
        inbox.save()
        bring(
            kit, inbox, kit.form(MessageSid="SM5", SmsStatus="received", From=kit.recipient, Body="4th", NumMedia="0")
        )
        Delivery.objects.update(received_at=later)
        assert take_all_missed(later) == 1
    assert sorted(Message.objects.values_list("body", flat=True)) == ["4th", "First", "Second", "Third"]
    assert Interaction.objects.count() == 1
    assert Consent.objects.get().state == "withdrawn"


def test_a_person_who_hides_or_changes_their_number_stays_the_same_customer() -> None:
    kit = WhatsAppKit()
    inbox = line_of_kit(kit)
    scoped, new = "US.13491208655302741918", "4915199999999"
    changed = {"type": "system", "system": {"type": "user_changed_number", "wa_id": new}, "text": None}
    bring(kit, inbox, kit.message(1, from_user_id=scoped))
    hidden = kit.message(2)
    hidden = Wire(body=hidden.body.replace(b'"from": "4915112345678"', f'"from_user_id": "{scoped}"'.encode()))
    bring(kit, inbox, hidden)
    bring(kit, inbox, kit.message(3, **changed))
    bring(kit, inbox, Wire(body=kit.message(4).body.replace(b"4915112345678", new.encode())))
    customer = Customer.objects.get()
    known = customer.identities.order_by("value").values_list("kind", "value", "assurance")
    assert list(known) == [("whatsapp", value, 2) for value in ("+4915112345678", "+4915199999999", scoped)]
    assert sorted(Message.objects.values_list("body", flat=True)) == [f"Hello, no {at}" for at in (1, 2, 4)]
    # Somebody else who is known already stays somebody else.
    bring(kit, inbox, Wire(body=kit.message(5).body.replace(b"4915112345678", b"4915188888888")))
    bring(kit, inbox, Wire(body=kit.message(6, **changed).body.replace(b"4915112345678", b"4915188888888")))
    assert Customer.objects.count() == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.real_data
def test_every_real_delivery_of_whatsapp_goes_through_the_door_and_none_that_was_altered(real_data: Path) -> None:
    kit = WhatsAppKit()
    inbox = line_of_kit(kit, phone_number_id="")
    folder = real_data / "webhook_payloads_whatsapp"
    files = [path for path in sorted(folder.glob("*.json")) if path.name != "reference.json"]
    bodies = [json.dumps(told).encode() for path in files for told in json.loads(path.read_text()).values()]
    for body in bodies:
        good = kit.sign(Wire(body=body), line_of(inbox), "")
        local, headers = f"/in/{inbox.public_id}/", dict(good.headers)
        altered = body.replace(b"whatsapp", b"whatsapq", 1)
        kind = "application/json"
        assert Client().post(local, altered, content_type=kind, headers=headers).status_code == 403
        assert Client().post(local, body, content_type=kind, headers=headers).status_code == 200
    assert Delivery.objects.count() == len(bodies)
    assert list(Delivery.objects.filter(state="quarantined").values_list("error", flat=True)) == []
