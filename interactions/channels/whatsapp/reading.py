"""What WhatsApp's webhook tells: messages, what became of ours, and customers who change their mind."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact
from interactions.channels.contract import (
    Arrived,
    ConsentTold,
    Edit,
    Line,
    Parsed,
    Reaction,
    Report,
    UnreadableDeliveryError,
)
from interactions.channels.telling import (
    Gathered,
    attested,
    inner,
    mapping,
    moment,
    needed,
    number,
    reference,
    rows,
    words,
)
from interactions.channels.whatsapp.bodies import KINDS, Said

OBJECT: Final = "whatsapp_business_account"
# A person who keeps their number to themselves is known by an id that holds for us only.
SCOPED_ID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
STATES: Final = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
# Told beside messages, and said by nobody.
SILENT: Final = frozenset({"system", "request_welcome", "ephemeral"})


def read(line: Line, told: Any, *, received_at: datetime) -> Parsed:
    """Everything in one delivery. Raises UnreadableDeliveryError for what is no delivery of WhatsApp's."""
    whole = mapping(told)
    if whole.get("object") != OBJECT:
        raise UnreadableDeliveryError("no delivery of WhatsApp")
    found = Gathered()
    for entry in rows(whole, "entry"):
        with found.part("entry"):
            for change in rows(mapping(entry), "changes"):
                with found.part("change"):
                    _change(line, mapping(change), found, received_at)
    return found.parsed()


def _change(line: Line, change: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    field, value = words(change, "field"), inner(change, "value")
    number_id = words(inner(value, "metadata"), "phone_number_id")
    ours = str(line.settings.get("phone_number_id") or "")
    if ours and number_id and number_id != ours:
        found.ignored.append("of another number")
    elif field == "messages":
        _messages(line, value, found, received_at)
    elif field == "user_preferences":
        for one in rows(value, "user_preferences"):
            with found.part("preference"):
                _preference(mapping(one), found, received_at)
    else:
        found.ignored.append(field or "change")


def _messages(line: Line, value: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    names = _names(value, found)
    for one in rows(value, "messages"):
        with found.part("message"):
            _message(line, mapping(one), names, found, received_at)
    for one in rows(value, "statuses"):
        with found.part("status"):
            _status(mapping(one), found, received_at)
    if not value.get("messages") and not value.get("statuses"):
        found.ignored.append("errors" if value.get("errors") else "nothing")


def _names(value: Mapping[str, Any], found: Gathered) -> dict[str, str]:
    """The names that people go by there, by every id that they are told with."""
    names: dict[str, str] = {}
    for one in rows(value, "contacts"):
        with found.part("contact"):
            person = mapping(one)
            profile = inner(person, "profile")
            name = words(profile, "name") or words(profile, "username")
            if value.get("messages"):
                _unite(words(person, "wa_id"), words(person, "user_id"), found)
            names |= {words(person, key): name for key in ("wa_id", "user_id") if words(person, key)}
    return names


def _message(
    line: Line, told: Mapping[str, Any], names: Mapping[str, str], found: Gathered, received_at: datetime
) -> None:
    kind = words(told, "type")
    at = moment(told.get("timestamp"), received_at)
    if kind == "system" and words(inner(told, "system"), "wa_id"):
        found.same.append((_who(told), _identity(words(inner(told, "system"), "wa_id"), "")))
    if kind in SILENT or told.get("group_id"):
        found.ignored.append("group" if told.get("group_id") else f"{kind}:{words(inner(told, kind), 'type')}")
    elif kind == "edit":
        found.edits.append(_edit(inner(told, "edit"), at))
    elif kind == "revoke":
        original = needed(inner(told, "revoke"), "original_message_id")
        found.edits.append(Edit(external_id=original, body=None, at=at))
    elif kind == "reaction":
        reaction = inner(told, "reaction")
        sign = words(reaction, "emoji")[:32]
        found.reactions.append(Reaction(message_id=needed(reaction, "message_id"), sign=sign, by=_who(told), at=at))
    else:
        found.arrived.append(_arrived(line, told, names, at))
        _unite(words(told, "from"), words(told, "from_user_id"), found)


def _unite(phone: str, scoped: str, found: Gathered) -> None:
    """Who is told by both is one person; their number may be kept from us from tomorrow on."""
    if phone and SCOPED_ID.fullmatch(scoped):
        pair = (_identity(phone, ""), _identity("", scoped))
        found.same += [pair] if pair not in found.same else []


def _arrived(line: Line, told: Mapping[str, Any], names: Mapping[str, str], at: datetime) -> Arrived:
    who, said = _who(told), said_by(told)
    sender = words(told, "from") or words(told, "from_user_id")
    contact = InboundContact(
        inbox_id=line.inbox_id,
        channel=Channel.WHATSAPP,
        external_id=needed(told, "id"),
        occurred_at=at,
        identity=who,
        customer_name=names.get(sender, "") or names.get(words(told, "from_user_id"), ""),
        body=said.body,
        thread_token=who.value,
    )
    return Arrived(contact=contact, files=said.files, meta={**said.meta, **_context(told)})


def said_by(told: Mapping[str, Any]) -> Said:
    """What a message says. One that nobody knows, or that came empty, says that it cannot be shown."""
    kind = words(told, "type")
    reader = KINDS.get(kind)
    if reader is not None and kind in told:
        return reader(told)
    faults = [mapping(one) for one in rows(told, "errors")]
    named = told.get(kind)
    why = words(named, "type") if isinstance(named, dict) else ""
    why = why or (words(faults[0], "title") if faults else "")
    body = _("(The customer sent something that cannot be shown here: %(kind)s)") % {"kind": why or kind or "?"}
    return Said(body=body, meta={"unsupported": kind or "unknown"})


def _context(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a message answers or passes on, and the advertisement it came from."""
    context, referral = inner(told, "context"), inner(told, "referral")
    meta: dict[str, Any] = {}
    if answered := words(context, "id"):
        meta["reply_to"] = answered
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        meta["forwarded"] = True
    if product := inner(context, "referred_product"):
        meta["product"] = {key: words(product, key) for key in ("catalog_id", "product_retailer_id")}
    if referral:
        keys = ("source_url", "source_type", "source_id", "headline", "body")
        meta["referral"] = {key: words(referral, key) for key in keys if words(referral, key)}
    return meta


def _edit(told: Mapping[str, Any], at: datetime) -> Edit:
    return Edit(external_id=needed(told, "original_message_id"), body=said_by(inner(told, "message")).body, at=at)


def _status(told: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    state = STATES.get(words(told, "status"))
    if state is None or words(told, "recipient_type") == "group":
        found.ignored.append(f"status:{words(told, 'status')}")
        return
    faults = [mapping(one) for one in rows(told, "errors")]
    fault: Mapping[str, Any] = faults[0] if state == "failed" and faults else {}
    found.reports.append(
        Report(
            provider_id=needed(told, "id"),
            state=state,
            at=moment(told.get("timestamp"), received_at),
            error=words(inner(fault, "error_data"), "details") or words(fault, "title") or words(fault, "message"),
            error_code=words(fault, "code"),
            reference=reference(words(told, "biz_opaque_callback_data")),
        )
    )


def _preference(told: Mapping[str, Any], found: Gathered, received_at: datetime) -> None:
    value = words(told, "value")
    if words(told, "category") != "marketing_messages" or value not in {"stop", "resume"}:
        found.ignored.append("preference")
        return
    found.consents.append(
        ConsentTold(
            identity=_identity(words(told, "wa_id"), words(told, "user_id")),
            is_given=value == "resume",
            source="WhatsApp",
            at=moment(told.get("timestamp"), received_at),
            purpose="marketing",
        )
    )


def _who(told: Mapping[str, Any]) -> IdentityClaim:
    return _identity(words(told, "from"), words(told, "from_user_id"))


def _identity(phone: str, scoped: str) -> IdentityClaim:
    """By number where it is told, else by the id that holds for us only."""
    if not phone and SCOPED_ID.fullmatch(scoped):
        return attested("whatsapp", scoped, "platform")
    return attested("whatsapp", number(phone), "platform")
