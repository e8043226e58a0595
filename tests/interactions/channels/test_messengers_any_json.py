"""Whatever a provider (or somebody who got hold of its key) tells: it is read, or said to be unreadable."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interactions.channels.contract import Adapter, Parsed, Request, UnreadableDeliveryError
from interactions.channels.registry import BY_KEY
from tests.interactions.channels.kit import Kit, line_for
from tests.interactions.channels.kits.messengers import KITS

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
JSON_KITS = [kit for kit in KITS if kit.channel.slug != "sms"]
# Names that the readers look for, so that what is drawn gets past the first look.
NAMES = st.sampled_from(
    [
        *("object", "entry", "id", "changes", "field", "value", "messages", "statuses", "contacts", "profile", "name"),
        *("wa_id", "type", "text", "body", "timestamp", "from", "image", "location", "latitude", "longitude", "errors"),
        *("reaction", "edit", "revoke", "interactive", "order", "product_items", "context", "referral", "messaging"),
        *("message", "mid", "attachments", "payload", "sender", "recipient", "read", "delivery", "mids", "postback"),
        *("reply_to", "story", "update_id", "chat", "message_id", "date", "photo", "file_id", "callback_query"),
        *("message_reaction", "new_reaction", "user", "venue", "contact", "edited_message", "metadata", "error_data"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["messages", "text", "image", "private", "reaction", "location", "read", "49151", "1697043223"]),
)
ANY_JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=25
)


def adapter_of(kit: Kit) -> Adapter:
    return BY_KEY[kit.channel.value, kit.provider]


def read(kit: Kit, body: bytes, content_type: str = "application/json") -> Parsed | None:
    request = Request(method="POST", url="https://x/", headers={"content-type": content_type}, body=body)
    try:
        return adapter_of(kit).parse(line_for(kit), request, received_at=NOW)
    except UnreadableDeliveryError:
        return None


def samples(kit: Kit) -> list[Any]:
    wires = [kit.message(1), kit.unknown(), kit.report("their-1", "read"), kit.report("their-1", "delivered")]
    return [json.loads(wire.body) for wire in wires if wire is not None]


def places(told: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a sample at which something else may stand."""
    inner = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    return [path, *(found for key, value in inner for found in places(value, (*path, key)))]


def changed(told: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(told) if isinstance(told, dict) else list(told)
    copy[path[0]] = changed(told[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("kit", JSON_KITS, ids=lambda kit: kit.channel.slug)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_delivery_with_anything_anywhere_is_read_or_said_to_be_unreadable(kit: Kit, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(samples(kit)))
    told = changed(sample, data.draw(st.sampled_from(places(sample))), data.draw(ANY_JSON))
    parsed = read(kit, json.dumps(told).encode())
    assert parsed is None or isinstance(parsed, Parsed)


@pytest.mark.parametrize("kit", JSON_KITS, ids=lambda kit: kit.channel.slug)
@settings(max_examples=25, deadline=None)
@given(told=ANY_JSON)
def test_any_json_is_read_or_said_to_be_unreadable(kit: Kit, told: Any) -> None:
    read(kit, json.dumps(told).encode())


@settings(max_examples=60, deadline=None)
@given(
    fields=st.dictionaries(
        st.sampled_from(["MessageSid", "SmsStatus", "MessageStatus", "From", "To", "Body", "NumMedia", "MediaUrl0"])
        | st.text(max_size=5),
        st.sampled_from(["received", "delivered", "+4915112345678", "1", "0", "whatsapp:+1", "STOP"]) | st.text(),
        max_size=8,
    )
)
def test_any_form_is_read_or_said_to_be_unreadable(fields: dict[str, str]) -> None:
    sms = next(kit for kit in KITS if kit.channel.slug == "sms")
    body = urlencode(fields, errors="replace").encode()
    read(sms, body, "application/x-www-form-urlencoded")


@pytest.mark.parametrize("kit", JSON_KITS, ids=lambda kit: kit.channel.slug)
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_said_to_be_unreadable(kit: Kit, body: bytes) -> None:
    read(kit, body)
