"""What each messenger's deliveries become: messages, edits, signs, reports, consent, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from interactions.channels.contract import (
    ConsentTold,
    Edit,
    Parsed,
    RemoteFile,
    Report,
    Request,
    UnreadableDeliveryError,
)
from interactions.channels.instagram.adapter import InstagramAdapter
from interactions.channels.messenger.adapter import MessengerAdapter
from interactions.channels.sms.adapter import SmsAdapter
from interactions.channels.sms.segments import Segments, segments
from interactions.channels.sms.words import consent_in
from interactions.channels.telegram.adapter import TelegramAdapter
from interactions.channels.telling import ATTESTED
from interactions.channels.whatsapp.adapter import WhatsAppAdapter
from interactions.customers.choices import Assurance, normalise_identity
from tests.interactions.channels.kit import Kit, Wire, line_for
from tests.interactions.channels.kits.messengers import FacebookKit, InstagramKit, SmsKit, TelegramKit, WhatsAppKit

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OURS = "01a22063-60c4-76b0-a123-7b5998754224"
AT = datetime(2023, 10, 11, 16, 53, 43, tzinfo=UTC)
ADAPTERS = {
    "sms": SmsAdapter(),
    "whatsapp": WhatsAppAdapter(),
    "messenger": MessengerAdapter(),
    "instagram": InstagramAdapter(),
    "telegram": TelegramAdapter(),
}


def request_of(wire: Wire, **headers: str) -> Request:
    told = {name.lower(): value for name, value in wire.headers.items()}
    query = [tuple(pair.split("=", 1)) for pair in wire.path.lstrip("?").split("&") if "=" in pair]
    return Request(
        method=wire.method,
        url=f"https://contact.example.org/in/x/{wire.path}",
        headers={"content-type": wire.content_type, **told, **headers},
        body=wire.body,
        query=query,  # type: ignore[arg-type]
    )


def read(kit: Kit, wire: Wire, **settings: Any) -> Parsed:
    return ADAPTERS[kit.channel.slug].parse(line_for(kit, **settings), request_of(wire), received_at=NOW)


def whatsapp(kind: str, content: Any = None, **more: Any) -> Parsed:
    content = {} if content is None else {kind: content}
    told = {"from": "4915112345678", "id": "wamid.1", "timestamp": "1697043223", "type": kind, **content, **more}
    who = {"wa_id": "4915112345678", "profile": {"name": "Ada"}}
    return read(WhatsAppKit(), WhatsAppKit().value(contacts=[who], messages=[told]))


def test_the_assurance_of_platforms_is_that_of_the_customers_room() -> None:
    assert ATTESTED == Assurance.ATTESTED


def test_a_text_of_whatsapp_is_from_a_number_that_the_platform_attests() -> None:
    (arrived,) = whatsapp("text", {"body": "Grüße 👋"}, context={"id": "wamid.0", "forwarded": True}).arrived
    contact = arrived.contact
    assert (contact.body, contact.external_id, contact.occurred_at) == ("Grüße 👋", "wamid.1", AT)
    assert contact.identity is not None
    assert (contact.identity.kind, contact.identity.value, contact.identity.assurance) == (
        "whatsapp",
        "+4915112345678",
        2,
    )
    assert (contact.customer_name, contact.thread_token) == ("Ada", "+4915112345678")
    assert arrived.meta == {"reply_to": "wamid.0", "forwarded": True}


def test_a_person_of_whatsapp_without_a_number_is_known_by_the_id_that_holds_for_us() -> None:
    told = {"from_user_id": "US.13491208655302741918", "id": "wamid.1", "type": "text", "text": {"body": "Hi"}}
    who = {"user_id": "US.13491208655302741918", "profile": {"username": "ada"}}
    (arrived,) = read(WhatsAppKit(), WhatsAppKit().value(contacts=[who], messages=[told])).arrived
    assert arrived.contact.identity is not None
    assert arrived.contact.identity.value == "US.13491208655302741918"
    assert arrived.contact.customer_name == "ada"
    assert normalise_identity("whatsapp", "US.13491208655302741918") == "US.13491208655302741918"


@pytest.mark.parametrize(
    ("kind", "content", "body"),
    [
        ("location", {"latitude": 52.5, "longitude": 13.4, "name": "Shop"}, "Shop\n52.500000, 13.400000"),
        ("contacts", [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1 555"}]}], "Bo, +1 555"),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "a", "title": "A", "description": "B"}}, "A\nB"),
        ("button", {"text": "Yes", "payload": "yes"}, "Yes"),
        (
            "order",
            {"product_items": [{"product_retailer_id": "X1", "quantity": 2, "item_price": 3.5, "currency": "EUR"}]},
            "2 × X1 à 3.5 EUR",
        ),
    ],
)
def test_what_is_no_text_is_put_into_words(kind: str, content: Any, body: str) -> None:
    (arrived,) = whatsapp(kind, content).arrived
    assert arrived.contact.body == body


def test_what_nobody_knows_says_that_it_cannot_be_shown() -> None:
    (arrived,) = whatsapp("hologram", errors=[{"code": 131051, "title": "Message type unknown"}]).arrived
    assert "Message type unknown" in arrived.contact.body
    assert arrived.meta == {"unsupported": "hologram"}


def test_a_file_of_whatsapp_is_fetched_by_its_id_and_keeps_its_name() -> None:
    media = {"id": "77", "mime_type": "audio/ogg; codecs=opus", "voice": True, "url": "https://evil.example/x"}
    (arrived,) = whatsapp("audio", media).arrived
    file = arrived.files[0]
    assert isinstance(file, RemoteFile)
    assert (file.name, file.content_type, dict(file.reference)) == (
        "audio.ogg",
        "audio/ogg",
        {"media": "77", "name": "audio.ogg"},
    )
    assert arrived.meta == {"voice": True}


def test_edits_deletions_and_signs_of_whatsapp_change_what_was_said() -> None:
    edited = whatsapp("edit", {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "New"}}})
    assert edited.edits == (Edit(external_id="wamid.0", body="New", at=AT),)
    assert whatsapp("revoke", {"original_message_id": "wamid.0"}).edits == (
        Edit(external_id="wamid.0", body=None, at=AT),
    )
    (sign,) = whatsapp("reaction", {"message_id": "wamid.0", "emoji": "👍"}).reactions
    assert (sign.message_id, sign.sign, sign.by.value) == ("wamid.0", "👍", "+4915112345678")
    assert whatsapp("reaction", {"message_id": "wamid.0"}).reactions[0].sign == ""


@pytest.mark.parametrize("kind", ["system", "request_welcome"])
def test_what_nobody_said_begins_no_contact(kind: str) -> None:
    parsed = whatsapp(kind, {"type": "user_changed_number", "wa_id": "972912345678"})
    assert (parsed.arrived, len(parsed.ignored)) == ((), 1)


def test_a_group_of_whatsapp_is_no_customer() -> None:
    assert whatsapp("text", {"body": "Hi all"}, group_id="g1").ignored == ("group",)


def test_a_failure_says_why_and_which_message_it_was() -> None:
    status = {
        "id": "wamid.9",
        "status": "failed",
        "timestamp": "1697043223",
        "biz_opaque_callback_data": OURS,
        "errors": [{"code": 131047, "title": "Re-engagement", "error_data": {"details": "More than 24 hours"}}],
    }
    (report,) = read(WhatsAppKit(), WhatsAppKit().value(statuses=[status])).reports
    assert report == Report(
        provider_id="wamid.9",
        state="failed",
        at=AT,
        error="More than 24 hours",
        error_code="131047",
        reference=OURS,
    )


def test_one_bad_message_of_a_batch_spoils_no_other() -> None:
    good = {"from": "4915112345678", "id": "wamid.1", "type": "text", "text": {"body": "Hi"}}
    bad = [{"from": "x", "id": "2", "type": "text"}, 7, {**good, "id": None}, {**good, "text": []}]
    parsed = read(WhatsAppKit(), WhatsAppKit().value(messages=[*bad, good]))
    assert ([one.contact.body for one in parsed.arrived], len(parsed.broken)) == (["Hi"], 4)


def test_another_number_of_the_same_app_is_left_to_its_own_line() -> None:
    parsed = read(WhatsAppKit(), WhatsAppKit().message(1), phone_number_id="999")
    assert (parsed.arrived, parsed.ignored) == ((), ("of another number",))


def test_preferences_of_whatsapp_are_consent_to_advertising() -> None:
    told = {"wa_id": "4915112345678", "category": "marketing_messages", "value": "stop", "timestamp": 1697043223}
    (consent,) = read(WhatsAppKit(), WhatsAppKit().value("user_preferences", user_preferences=[told])).consents
    assert (consent.is_given, consent.purpose, consent.identity.value, consent.at) == (
        False,
        "marketing",
        "+4915112345678",
        AT,
    )


def test_a_time_from_the_future_or_of_no_kind_is_the_time_of_arrival() -> None:
    ahead = str(int((NOW + timedelta(days=1)).timestamp()))
    for told in (ahead, "soon", "9" * 30, -5, None, [], True):
        parsed = whatsapp("text", {"body": "Hi"}, timestamp=told)
        assert parsed.arrived[0].contact.occurred_at == NOW


# Messenger and Instagram


def page(kit: FacebookKit | InstagramKit, **event: Any) -> Parsed:
    return read(kit, kit.event(timestamp=1697043223000, **event))


def test_a_message_of_a_page_brings_words_files_places_and_what_was_shared() -> None:
    attachments = [
        {"type": "image", "payload": {"url": "https://scontent.xx.fbcdn.net/a.jpg"}},
        {"type": "location", "payload": {"coordinates": {"lat": 52.5, "long": 13.4}}},
        {"type": "fallback", "title": "Our shop", "url": "https://shop.example/"},
    ]
    message = {"mid": "m1", "text": "Look", "attachments": attachments, "reply_to": {"mid": "m0"}}
    (arrived,) = page(FacebookKit(), message=message).arrived
    assert arrived.contact.body == "Look\n52.500000, 13.400000\nOur shop\nhttps://shop.example/"
    assert [one.name for one in arrived.files] == ["image.jpg"]
    assert arrived.meta == {"place": [52.5, 13.4], "attached": "fallback", "reply_to": "m0"}
    assert arrived.contact.identity is not None
    assert (arrived.contact.identity.kind, arrived.contact.identity.value) == ("messenger", "5521988887777")
    assert arrived.contact.occurred_at == AT


def test_our_own_echo_tells_which_message_went_and_anybody_elses_tells_nothing() -> None:
    echo = {"mid": "m9", "is_echo": True, "text": "Hi"}
    (report,) = page(FacebookKit(), message=echo | {"metadata": OURS}).reports
    assert (report.provider_id, report.state, report.reference) == ("m9", "sent", OURS)
    assert page(FacebookKit(), message=echo | {"metadata": "another system's"}).ignored == ("echo",)
    assert page(FacebookKit(), message=echo).ignored == ("echo",)


def test_a_page_hears_what_was_delivered_and_until_when_all_was_read() -> None:
    assert [one.provider_id for one in page(FacebookKit(), delivery={"mids": ["a", "b"]}).reports] == ["a", "b"]
    (seen,) = page(FacebookKit(), read={"watermark": 1697043223000}).reports
    assert (seen.provider_id, seen.recipient, seen.state, seen.at) == ("", "5521988887777", "read", AT)
    (one,) = page(InstagramKit(), read={"mid": "a"}).reports
    assert (one.provider_id, one.state) == ("a", "read")


def test_buttons_signs_edits_and_deletions_of_a_page() -> None:
    (pressed,) = page(FacebookKit(), postback={"title": "Get started", "payload": "GO"}).arrived
    assert (pressed.contact.body, pressed.meta) == ("Get started", {"choice": "GO"})
    again = page(FacebookKit(), postback={"title": "Get started", "payload": "GO"}).arrived[0]
    assert again.contact.external_id == pressed.contact.external_id
    (sign,) = page(InstagramKit(), reaction={"mid": "m0", "reaction": "love", "action": "react"}).reactions
    assert sign.sign == "❤"
    (gone,) = page(InstagramKit(), reaction={"mid": "m0", "action": "unreact"}).reactions
    assert gone.sign == ""
    assert page(InstagramKit(), message={"mid": "m0", "is_deleted": True}).edits[0].body is None
    assert page(FacebookKit(), message_edit={"mid": "m0", "text": "New"}).edits[0].body == "New"


def test_another_page_and_another_product_are_not_ours() -> None:
    assert read(FacebookKit(), FacebookKit().message(1), page_id="1").ignored == ("of another page",)
    with pytest.raises(UnreadableDeliveryError):
        read(InstagramKit(), FacebookKit().message(1))


# SMS


def sms(**fields: str) -> Parsed:
    told = {"MessageSid": "SM1", "SmsStatus": "received", "From": "+4915112345678", "To": "+15550001111", **fields}
    return read(SmsKit(), SmsKit().form(**told))


def test_a_text_message_is_from_a_number_that_the_carrier_attests() -> None:
    parsed = sms(Body="Hi", NumMedia="1", MediaUrl0="https://api.twilio.com/m", MediaContentType0="image/jpeg")
    (arrived,) = parsed.arrived
    assert arrived.contact.identity is not None
    assert (arrived.contact.identity.kind, arrived.contact.identity.value) == ("phone", "+4915112345678")
    assert (arrived.contact.body, arrived.contact.external_id) == ("Hi", "SM1")
    assert [one.name for one in arrived.files] == ["file-1.jpg"]


@pytest.mark.parametrize(
    ("body", "is_given"), [("STOP", False), (" stop. ", False), ("Unsubscribe", False), ("START", True)]
)
def test_a_bare_word_changes_consent_and_begins_nothing(body: str, is_given: bool) -> None:
    parsed = sms(Body=body)
    assert parsed.arrived == ()
    assert parsed.consents == (
        ConsentTold(identity=parsed.consents[0].identity, is_given=is_given, source="SMS", at=NOW),
    )


def test_what_the_provider_says_of_a_word_goes_before_the_word() -> None:
    assert sms(Body="Arret", OptOutType="STOP").consents[0].is_given is False
    assert sms(Body="HELP", OptOutType="HELP").consents == ()
    assert [one.contact.body for one in sms(Body="Please stop sending me the wrong size").arrived] != []
    assert [one.contact.body for one in sms(Body="yes").arrived] == ["yes"]
    assert consent_in("help") is None


def test_a_status_brings_our_reference_back_and_says_why_it_failed() -> None:
    wire = SmsKit().form(f"?reference={OURS}", MessageSid="SM1", MessageStatus="undelivered", ErrorCode="30006")
    assert read(SmsKit(), wire).reports == (
        Report(
            provider_id="SM1",
            state="failed",
            at=NOW,
            error="The number is of a landline, or its carrier cannot be reached.",
            error_code="30006",
            reference=OURS,
        ),
    )
    assert read(SmsKit(), SmsKit().form(MessageSid="SM1", MessageStatus="queued")).reports == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", Segments(0, 160, is_unicode=False)),
        ("a" * 160, Segments(1, 0, is_unicode=False)),
        ("a" * 161, Segments(2, 145, is_unicode=False)),
        ("€" * 80, Segments(1, 0, is_unicode=False)),
        ("a" * 152 + "€" + "a" * 10, Segments(2, 141, is_unicode=False)),
        ("ж" * 70, Segments(1, 0, is_unicode=True)),
        ("ж" * 71, Segments(2, 63, is_unicode=True)),
        ("😀" * 36, Segments(2, 61, is_unicode=True)),
    ],
)
def test_parts_of_a_text_are_counted_as_carriers_count_them(text: str, count: Segments) -> None:
    assert segments(text) == count


# Telegram


def telegram(**message: Any) -> Parsed:
    told = json.loads(TelegramKit().message(1).body)["message"]
    told.pop("text")
    return read(TelegramKit(), TelegramKit().update(message=told | {"date": 1697043223} | message))


def test_a_message_of_telegram_is_known_by_its_chat_and_number() -> None:
    (arrived,) = telegram(text="Hallo", reply_to_message={"message_id": 7, "chat": {"id": 4711}}).arrived
    contact = arrived.contact
    assert (contact.external_id, contact.body, contact.language, contact.customer_name) == (
        "4711:1",
        "Hallo",
        "de",
        "Ada",
    )
    assert contact.identity is not None
    assert (contact.identity.kind, contact.identity.value) == ("telegram", "4711")
    assert arrived.meta == {"reply_to": "4711:7"}


def test_the_largest_of_a_pictures_sizes_is_taken() -> None:
    sizes = [{"file_id": "small", "file_size": 10, "width": 90}, {"file_id": "big", "file_size": 99, "width": 900}]
    (arrived,) = telegram(photo=sizes, caption="Broken").arrived
    file = arrived.files[0]
    assert isinstance(file, RemoteFile)
    assert (arrived.contact.body, file.reference["file_id"], file.size) == ("Broken", "big", 99)


def test_files_places_and_people_of_telegram() -> None:
    (voice,) = telegram(voice={"file_id": "v", "mime_type": "audio/ogg"}).arrived
    assert (voice.files[0].name, voice.contact.body) == ("voice.ogg", "")
    (named,) = telegram(document={"file_id": "d", "file_name": "../bill.pdf"}).arrived
    assert named.files[0].name == "../bill.pdf"
    (where,) = telegram(location={"latitude": 52.5, "longitude": 13.4}).arrived
    assert (where.contact.body, where.meta) == ("52.500000, 13.400000", {"place": [52.5, 13.4]})
    (person,) = telegram(contact={"first_name": "Bo", "phone_number": "+1555"}).arrived
    assert person.contact.body == "Bo, +1555"


def test_opening_the_chat_says_nothing_unless_a_link_said_something() -> None:
    assert telegram(text="/start").ignored == ("start",)
    (arrived,) = telegram(text="/start order-7").arrived
    assert arrived.meta == {"start": "order-7"}


def test_groups_are_no_customers() -> None:
    assert telegram(text="Hi", chat={"id": -5, "type": "supergroup"}).ignored == ("group",)


def test_edits_buttons_and_signs_of_telegram() -> None:
    chat = {"id": 4711, "type": "private"}
    edited = {"message_id": 1, "chat": chat, "edit_date": 1697043223, "text": "New"}
    assert read(TelegramKit(), TelegramKit().update(edited_message=edited)).edits == (
        Edit(external_id="4711:1", body="New", at=AT),
    )
    keys = {"inline_keyboard": [[{"text": "Yes please", "callback_data": "y"}]]}
    query = {"id": "5", "from": {"id": 4711}, "data": "y", "message": {"chat": chat, "reply_markup": keys}}
    (pressed,) = read(TelegramKit(), TelegramKit().update(callback_query=query)).arrived
    assert (pressed.contact.body, pressed.contact.external_id) == ("Yes please", "callback:5")
    sign = {"chat": chat, "message_id": 1, "user": {"id": 4711}, "new_reaction": [{"type": "emoji", "emoji": "👍"}]}
    (reaction,) = read(TelegramKit(), TelegramKit().update(message_reaction=sign)).reactions
    assert (reaction.message_id, reaction.sign) == ("4711:1", "👍")
