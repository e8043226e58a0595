"""Text messages of one number, or of one messaging service, over Twilio or whoever speaks its language."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import CredentialsRefusedError, OutcomeIsUnknownError, RefusedEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Adapter,
    Answer,
    CannotAskError,
    Capabilities,
    Check,
    FetchedFile,
    Field,
    Handed,
    Line,
    Outgoing,
    Parsed,
    RemoteFile,
    Report,
    Request,
    Words,
)
from interactions.channels.sms.reading import date_of, read, remote_file, report_of, take
from interactions.channels.telling import Gathered, inner, needed, rows, words
from interactions.channels.twilio.rest import USUAL_BASE, base_of, every, fetch, get, post
from interactions.channels.twilio.signature import verify_twilio

MAX_TEXT: Final = 1600
MAX_FILES: Final = 10
MAX_FILE: Final = 5 * 1024 * 1024
# Our clock and theirs, when something that we sent is looked for.
LEEWAY: Final = timedelta(seconds=10)
EMPTY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'

FIELDS: Final = (
    Field(name="account_sid", label=gettext_lazy("Account SID"), is_required=True),
    Field(
        name="auth_token",
        label=gettext_lazy("Auth token"),
        kind="secret",
        is_required=True,
        help=gettext_lazy("Twilio signs with it what it tells us, and we show it who we are."),
    ),
    Field(
        name="messaging_service_sid",
        label=gettext_lazy("Messaging service SID"),
        help=gettext_lazy("Empty: messages go out from the line's own number."),
    ),
    Field(
        name="mms",
        label=gettext_lazy("Takes files (MMS)"),
        kind="bool",
        help=gettext_lazy("Carriers of the United States and Canada do; most others do not."),
    ),
    Field(
        name="api_base",
        label=gettext_lazy("Address of the provider"),
        kind="url",
        default=USUAL_BASE,
        is_rare=True,
    ),
)


class SmsAdapter(Adapter):
    """Its reference travels in the address that Twilio tells the message's way to: also where an answer is lost."""

    channel: ClassVar[Channel] = Channel.SMS
    label: ClassVar[str] = gettext_lazy("SMS (Twilio)")  # type: ignore[assignment]
    webhook_help: ClassVar[Words] = gettext_lazy(
        "At Twilio open the number and enter it where a message comes in (POST); with a messaging service, there."
    )
    guide: ClassVar[str] = "docs/channels/sms.md"
    identity_kind: ClassVar[str] = "phone"

    def fields(self) -> Sequence[Field]:
        return FIELDS

    def capabilities(self, line: Line) -> Capabilities:
        takes_files = bool(line.settings.get("mms"))
        return Capabilities(
            can_start=True,
            max_text=MAX_TEXT,
            max_files=MAX_FILES if takes_files else 0,
            max_file=MAX_FILE if takes_files else 0,
            tells_delivered=True,
            per_second=float(line.settings.get("per_second") or 1),
            notes=(_("Long texts go out in parts, each of which is paid for."),),
        )

    def verify(self, line: Line, request: Request) -> None:
        verify_twilio(request, token=line.secrets.get("auth_token", ""))

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        found = Gathered()
        read(line, request, received_at=received_at, found=found)
        return found.parsed()

    def answer(self, line: Line, request: Request, *, is_understood: bool) -> Answer:
        """We answer later, as a message of its own."""
        return Answer(content=EMPTY, content_type="text/xml; charset=utf-8")

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        most = self.capabilities(line)
        if len(outgoing.body) > MAX_TEXT or not (outgoing.body.strip() or outgoing.files):
            raise RefusedEffectError(
                _("The message is empty or longer than %(limit)d characters.") % {"limit": MAX_TEXT}
            )
        if len(outgoing.files) > most.max_files or sum(file.size for file in outgoing.files) > most.max_file:
            raise RefusedEffectError(_("The line takes no such files."))
        told = post(
            line,
            "Messages.json",
            [
                ("To", outgoing.recipient),
                _sender(line),
                *([("Body", outgoing.body)] if outgoing.body.strip() else []),
                *(("MediaUrl", file.url()) for file in outgoing.files),
                ("StatusCallback", f"{line.webhook_url}?{urlencode({'reference': str(outgoing.reference)})}"),
            ],
        )
        if not words(told, "sid"):
            raise OutcomeIsUnknownError("the provider answered without the message's id")
        return Handed(provider_id=words(told, "sid"))

    def look_up(self, line: Line, outgoing: Outgoing, *, since: datetime) -> Report | None:
        """Among the last messages to this person: the one with exactly these words since then.

        Other words of ours since then may be these, rewritten on the way: nobody knows.
        """
        told = get(line, "Messages.json", {"To": outgoing.recipient, "PageSize": "50"})
        ours = [one for one in rows(told, "messages") if isinstance(one, dict) and _is_ours(one, since)]
        found = [one for one in ours if words(one, "body") == outgoing.body]
        if len(found) > 1 or (ours and not found):
            raise CannotAskError
        return report_of(found[0], ours=str(outgoing.reference)) if found else None

    def missed(self, line: Line, *, since: datetime) -> Iterable[Parsed]:
        """What came to our number since then. What we have already is recognised by its id."""
        if line.address:
            query = {"To": _own(line), "DateSent>": _day(since), "PageSize": "100"}
            for one in every(line, "Messages.json", "messages", query):
                yield self._missed(line, one, since)

    def _missed(self, line: Line, one: Mapping[str, Any], since: datetime) -> Parsed:
        found = Gathered()
        with found.part("message"):
            at = date_of(one, "date_created") or date_of(one, "date_sent")
            if words(one, "direction") == "inbound" and at is not None and at >= since:
                sid = needed(one, "sid")
                told = {"MessageSid": sid, "From": words(one, "from"), "Body": words(one, "body")}
                files = tuple(self._files(line, sid)) if words(one, "num_media") not in {"", "0"} else ()
                take(line, told, found, at=at, files=files)
        return found.parsed()

    def _files(self, line: Line, sid: str) -> Iterator[RemoteFile]:
        path = f"Messages/{sid}/Media.json"
        for at, one in enumerate(every(line, path, "media_list", {"PageSize": str(MAX_FILES)})):
            url = base_of(line) + needed(one, "uri").removesuffix(".json")
            yield remote_file(url, words(one, "content_type"), at)

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        answer = fetch(line, str(reference.get("url", "")), max_bytes=max_bytes)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return FetchedFile(name=str(reference.get("name", "")), content_type=kind, content=answer.content)

    def check(self, line: Line) -> Iterable[Check]:
        """The account, the number, and where it tells what comes in."""
        try:
            account = get(line, "")
            state = words(account, "status")
            yield Check(name=_("The account"), is_well=state == "active", told=words(account, "friendly_name") or state)
            if line.address and not line.settings.get("messaging_service_sid"):
                yield self._check_number(line)
        except CredentialsRefusedError as error:
            told = _("Refused: %(why)s Look at the account SID and the auth token.") % {"why": error}
            yield Check(name=_("The account"), is_well=False, told=told)
        except Exception as error:  # whatever it is, the person who tries the line is to read it
            yield Check(name=_("The provider"), is_well=False, told=_("No answer: %(why)s") % {"why": error})

    def _check_number(self, line: Line) -> Check:
        name = _("The number")
        query = {"PhoneNumber": _own(line)}
        found = next(every(line, "IncomingPhoneNumbers.json", "incoming_phone_numbers", query), None)
        if found is None:
            told = _("The account has no number %(number)s.") % {"number": line.address}
        elif not inner(found, "capabilities").get("sms", inner(found, "capabilities").get("SMS")):
            told = _("The number takes no messages.")
        elif words(found, "sms_url") != line.webhook_url:
            wrong = _("Messages go to %(where)s instead of %(here)s. Enter ours at the number, under messaging.")
            told = wrong % {"where": words(found, "sms_url") or _("nobody"), "here": line.webhook_url}
        else:
            return Check(name=name, is_well=True, told=line.address)
        return Check(name=name, is_well=False, told=told)


def _is_ours(one: Mapping[str, Any], since: datetime) -> bool:
    made = date_of(one, "date_created")
    return words(one, "direction").startswith("outbound") and made is not None and made >= since - LEEWAY


def _sender(line: Line) -> tuple[str, str]:
    service = str(line.settings.get("messaging_service_sid") or "")
    return ("MessagingServiceSid", service) if service else ("From", _own(line))


def _own(line: Line) -> str:
    """The line's number without what people write between digits."""
    return re.sub(r"[\s().\-/]", "", line.address)


def _day(moment: datetime) -> str:
    """The provider's list is filtered by days of Greenwich."""
    return min(moment - LEEWAY, timezone.now()).astimezone(UTC).strftime("%Y-%m-%d")
