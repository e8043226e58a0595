"""What Twilio tells of text messages: those that came in, and what became of ours."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from interactions.channels.choices import Channel
from interactions.channels.contact import InboundContact
from interactions.channels.contract import (
    Arrived,
    ConsentTold,
    Line,
    RemoteFile,
    Report,
    Request,
    UnreadableDeliveryError,
)
from interactions.channels.sms.words import consent_in
from interactions.channels.telling import Gathered, attested, needed, number, reference, words

COMING: Final = frozenset({"receiving", "received"})
UNDER_WAY: Final = frozenset({"accepted", "scheduled", "queued", "sending", "partially_delivered"})
STATES: Final = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# Twilio's codes of why a message did not arrive.
WHY: Final = {
    "21610": "The recipient has replied STOP.",
    "21211": "That is no phone number.",
    "21408": "The account may not send to this country.",
    "21612": "The number cannot be reached from ours.",
    "21614": "The number is none of a mobile phone.",
    "30001": "Too much was waiting to be sent.",
    "30002": "The account is suspended.",
    "30003": "The phone is off or out of reach.",
    "30004": "The recipient or the carrier blocks the message.",
    "30005": "The number is not in use.",
    "30006": "The number is of a landline, or its carrier cannot be reached.",
    "30007": "The carrier filtered the message as unwanted.",
    "30008": "The carrier gave no reason.",
    "30034": "Our number is not registered for messages in that country.",
}
MOST_FILES: Final = 10


def read(line: Line, request: Request, *, received_at: datetime, found: Gathered) -> None:
    """One webhook. Raises UnreadableDeliveryError for what is none of a message."""
    told = dict(request.form())
    state = (told.get("MessageStatus") or told.get("SmsStatus") or "").lower()
    if not (told.get("MessageSid") or told.get("SmsSid")):
        raise UnreadableDeliveryError("no MessageSid")
    if state in COMING or (not state and "Body" in told):
        take(line, told, found, at=received_at, files=_files(told))
    elif state in STATES:
        ours = reference(dict(request.query).get("reference", ""))
        found.reports.append(_report(told, state, ours, received_at))
    else:
        found.ignored.append(f"status:{state}"[:40])


def take(line: Line, told: Mapping[str, str], found: Gathered, *, at: datetime, files: tuple[RemoteFile, ...]) -> None:
    """One message that came in; one that only says STOP or START changes consent and begins nothing."""
    sender = needed(told, "From")
    if ":" in sender:
        found.ignored.append(sender.partition(":")[0][:40])
        return
    body = words(told, "Body")
    who = attested("phone", number(sender) if sender.startswith("+") else sender.strip(), "carrier")
    consent = consent_in(body, words(told, "OptOutType")) if not files else None
    if consent is not None:
        found.consents.append(ConsentTold(identity=who, is_given=consent, source="SMS", at=at))
        return
    contact = InboundContact(
        inbox_id=line.inbox_id,
        channel=Channel.SMS,
        external_id=words(told, "MessageSid") or needed(told, "SmsSid"),
        occurred_at=at,
        identity=who,
        body=body,
        thread_token=who.value,
    )
    found.arrived.append(Arrived(contact=contact, files=files))


def _files(told: Mapping[str, str]) -> tuple[RemoteFile, ...]:
    count = told.get("NumMedia") or "0"
    if not count.isascii() or not count.isdigit() or len(count) > 3:
        raise UnreadableDeliveryError("NumMedia is no number")
    return tuple(
        remote_file(told.get(f"MediaUrl{at}", ""), told.get(f"MediaContentType{at}", ""), at)
        for at in range(min(int(count), MOST_FILES))
        if told.get(f"MediaUrl{at}")
    )


def remote_file(url: str, content_type: str, at: int) -> RemoteFile:
    """A file of a message, which has no name there."""
    kind = content_type.partition(";")[0].strip().lower()
    ending = kind.partition("/")[2].partition("+")[0] or "bin"
    name = f"file-{at + 1}.{ {'jpeg': 'jpg', 'plain': 'txt', 'x-vcard': 'vcf'}.get(ending, ending)[:10] }"
    return RemoteFile(name=name, content_type=kind, reference={"url": url, "name": name})


def _report(told: Mapping[str, str], state: str, ours: str, at: datetime) -> Report:
    code = told.get("ErrorCode") or ""
    return Report(
        provider_id=told.get("MessageSid") or told.get("SmsSid") or "",
        state=STATES[state],
        at=at,
        error=why(code, told.get("ErrorMessage") or "") if STATES[state] == "failed" else "",
        error_code=code[:40],
        reference=ours,
    )


def why(code: str, told: str) -> str:
    """Why a message did not arrive: in our words where we have some, else in the provider's."""
    return WHY.get(code) or told[:200] or (f"Error {code[:20]}" if code else "No reason was given.")


def report_of(message: Mapping[str, Any], *, ours: str = "") -> Report | None:
    """What a message of ours stands at in the provider's list; None while it is under way."""
    state = words(message, "status").lower()
    if state in UNDER_WAY:
        return Report(provider_id=needed(message, "sid"), state="sent", reference=ours)
    if state not in STATES:
        return None
    told = {
        "MessageSid": needed(message, "sid"),
        "ErrorCode": words(message, "error_code"),
        "ErrorMessage": words(message, "error_message"),
    }
    at = date_of(message, "date_updated")
    report = _report(told, state, ours, at) if at else None
    return report or Report(provider_id=told["MessageSid"], state=STATES[state], reference=ours)


def date_of(message: Mapping[str, Any], name: str) -> datetime | None:
    """A time as the provider's list writes it."""
    try:
        told = parsedate_to_datetime(words(message, name))
    except (TypeError, ValueError, OverflowError):
        return None
    return told if told.tzinfo else None
