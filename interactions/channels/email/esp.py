"""A mail provider with an API of its own, through what django-anymail knows about it.

Its code for reading what a provider brings and for writing what a provider takes is used by the piece: with a line's
own secrets, without its settings, addresses and signals, which are made for one account of one installation.
"""

import base64
import hashlib
import hmac
import time
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email import encoders, policy
from email.utils import parseaddr
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError, TemporaryEffectError
from interactions.channels.choices import Channel
from interactions.channels.contract import (
    Adapter,
    Answer,
    Capabilities,
    Check,
    Field,
    Handed,
    Line,
    NotVerifiedError,
    Outgoing,
    Parsed,
    Report,
    Request,
    StaleDeliveryError,
    Words,
)
from interactions.channels.email.adapter import AUTHSERV_ID, FROM_NAME, REPLY_TO_OF, mail_capabilities
from interactions.channels.email.checking import a_test, failed
from interactions.channels.email.composing import compose
from interactions.channels.email.esp_requests import django_request, read_json

SENDING: Final = gettext_lazy("Answers go out")
RECEIVING: Final = gettext_lazy("Mail and reports come in")
API_URL: Final = Field(
    name="api_url",
    label=gettext_lazy("Address of the API"),
    kind="url",
    group=SENDING,
    help=gettext_lazy("Empty: the provider's usual one. Regions have their own."),
    is_rare=True,
)
SHARED_SECRET: Final = Field(
    name="webhook_secret",
    label=gettext_lazy("User and password of the webhook"),
    kind="secret",
    is_required=True,
    group=RECEIVING,
    help=gettext_lazy(
        "As user:password, of your own choice and long. The provider is told them in the address:"
        " https://user:password@…"
    ),
)
# What is told of a message of ours, in words of ours. What is not here says nothing about whether it arrived.
STATES: Final = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "read",
    "clicked": "read",
    "bounced": "failed",
    "rejected": "failed",
    "complained": "failed",
    "failed": "failed",
}
OLDEST_SECONDS: Final = 300
MAX_BODY: Final = 40 * 1024 * 1024
# Our marks on a mail, which most providers give back with what they report about it.
REFERENCE, RECIPIENT = "ccx", "ccx_to"


def secret(name: str, label: Any, *, group: Any = SENDING, is_required: bool = True, help: Any = "") -> Field:
    """A field for a key that is never shown."""
    return Field(name=name, label=label, kind="secret", group=group, is_required=is_required, help=help)


class EspAdapter(Adapter):
    """One provider of mail. A subclass says where anymail has it, what its secrets are, and how it proves itself."""

    channel: ClassVar[Channel] = Channel.EMAIL
    identity_kind: ClassVar[str] = "email"
    webhook_help: ClassVar[Words] = gettext_lazy(
        "Enter it at the provider for mail that comes in and for events (delivered, opened, bounced, complained):"
        " one address serves both. Where a user and a password belong to it: https://user:password@…"
    )
    guide: ClassVar[str] = "docs/channels/email.md"
    max_body: ClassVar[int] = MAX_BODY
    # The module of anymail's backends and webhooks, and the classes that read them.
    module: ClassVar[str]
    tracking: ClassVar[str] = ""
    inbound: ClassVar[str] = ""
    # Names of the backend's arguments: those among the line's secrets, and those among its settings.
    secret_options: ClassVar[tuple[str, ...]] = ("api_key",)
    options: ClassVar[tuple[str, ...]] = ("api_url",)
    form: ClassVar[tuple[Field, ...]] = ()
    # Whether it keeps our marks and gives them back.
    has_metadata: ClassVar[bool] = True
    # Headers that it does not let us write; further ones that it wants.
    dropped_headers: ClassVar[frozenset[str]] = frozenset()
    more_headers: ClassVar[Mapping[str, str]] = {}

    def fields(self) -> Sequence[Field]:
        return (FROM_NAME, AUTHSERV_ID, REPLY_TO_OF, *self.form)

    def capabilities(self, line: Line) -> Capabilities:
        return mail_capabilities(line, tells_delivered=bool(self.tracking), tells_read=bool(self.tracking))

    # What comes in.

    def challenge(self, line: Line, request: Request) -> Answer | None:
        """Some look whether we are there before they bring anything."""
        return Answer() if request.method == "HEAD" else None

    def verify(self, line: Line, request: Request) -> None:
        try:
            self.authenticate(line, request)
        except (NotVerifiedError, StaleDeliveryError, TemporaryEffectError):
            raise
        except Exception as error:  # anymail's own refusals, and whatever a stranger's bytes make of its code
            raise NotVerifiedError(type(error).__name__) from error

    def authenticate(self, line: Line, request: Request) -> None:
        """Return if the provider sent this; raise anything if not. Without a signature: the shared secret."""
        require_shared_secret(line, request)

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        """Each event by itself: one that cannot be read stops no other."""
        asked = django_request(request)
        mails: list[bytes] = []
        reports: list[Report] = []
        ignored: list[str] = []
        broken: list[str] = []
        for item in self.items(asked):
            try:
                if self.is_mail(item):
                    mails.extend(self.mails(line, item, asked))
                    continue
                for event in self.events(item, asked):
                    report = report_of(event)
                    if report is None:
                        ignored.append(str(event.event_type))
                    else:
                        reports.append(report)
            except TemporaryEffectError:
                raise
            except Exception as error:
                broken.append(f"{type(error).__name__}: {error}"[:200])
        return Parsed(mails=tuple(mails), reports=tuple(reports), ignored=tuple(ignored), broken=tuple(broken))

    def items(self, asked: HttpRequest) -> Iterable[Any]:
        """What one delivery holds, event by event. Raises UnreadableDeliveryError."""
        return as_list(read_json(asked.body))

    @abstractmethod
    def is_mail(self, item: Any) -> bool:
        """Whether it brings a mail; else it tells of one of ours."""

    def mails(self, line: Line, item: Any, asked: HttpRequest) -> Iterator[bytes]:
        """The mail as it came, where the provider gives it; else one made of what the provider took apart."""
        yield written(self.read(self.inbound).esp_to_anymail_event(item).message)

    def events(self, item: Any, asked: HttpRequest) -> Iterable[Any]:
        """What it tells, as anymail's AnymailTrackingEvent."""
        return [self.read(self.tracking).esp_to_anymail_event(item)]

    def read(self, name: str, **known: Any) -> Any:
        """A view of anymail as a reader only: not set up, so that no setting of the installation gets into it."""
        view_class = import_string(f"anymail.webhooks.{self.module}.{name}")
        view = object.__new__(view_class)
        for attribute, value in known.items():
            setattr(view, attribute, value)
        return view

    # What goes out.

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        mail: Any = compose(line, outgoing)
        for name in self.dropped_headers & set(mail.extra_headers):
            del mail.extra_headers[name]
        mail.extra_headers.update(self.more_headers)
        if self.has_metadata:
            mail.metadata = {REFERENCE: str(outgoing.reference), RECIPIENT: outgoing.recipient}
        self.prepare(mail)
        self.hand_over(line, mail)
        found = {address.lower(): told for address, told in mail.anymail_status.recipients.items()}
        mine = found.get(outgoing.recipient.lower())
        if mine is not None and mine.status in {"rejected", "invalid", "failed"}:
            raise RefusedEffectError(f"the provider does not take mail for this address: {mine.status}")
        refused = [f"{to}: {told.status}" for to, told in found.items() if told.status in {"rejected", "invalid"}]
        return Handed(provider_id=str(mine.message_id or "")[:250] if mine else "", note="; ".join(refused)[:300])

    def prepare(self, mail: Any) -> None:
        """Make the mail as this provider wants it."""

    def hand_over(self, line: Line, mail: Any) -> None:
        """Give it to the provider through anymail's backend, over the one way out."""
        from anymail import exceptions

        with self.backend(line) as backend:
            try:
                backend.send_messages([mail])
            except exceptions.AnymailRecipientsRefused as error:
                raise RefusedEffectError("the provider does not take mail for this address") from error
            except exceptions.AnymailAPIError as error:
                raise self.judged(error) from error
            except exceptions.AnymailError as error:  # before anything was sent: the mail cannot be written so
                raise RefusedEffectError(str(error)[:200]) from error

    def judged(self, error: Any) -> Exception:
        """What an answer means that was a success by its number and none by its words."""
        try:
            told = error.response.json()
        except (AttributeError, ValueError):
            told = None
        if isinstance(told, dict) and (
            {"ErrorCode", "errors", "error", "Errors"} & set(told) or "error" in str(told.get("status", ""))
        ):
            return RefusedEffectError(words_of(told))
        return OutcomeIsUnknownError("the provider's answer cannot be read")

    @contextmanager
    def backend(self, line: Line) -> Iterator[Any]:
        """Anymail's backend with the line's own account."""
        from anymail.exceptions import AnymailConfigurationError

        from interactions.channels.email.esp_transport import way_out

        told = {name: line.secrets[name] for name in self.secret_options if line.secrets.get(name)}
        told |= {name: line.settings[name] for name in self.options if line.settings.get(name)}
        missing = [name for name in self.secret_options if name not in told]
        if missing:
            raise RefusedEffectError(f"the line lacks {', '.join(missing)}")
        backend_class = import_string(f"anymail.backends.{self.module}.EmailBackend")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                backend = backend_class(send_defaults={}, **told)
        except AnymailConfigurationError as error:
            raise RefusedEffectError(str(error)[:200]) from error
        backend.open()
        way_out(backend.session)
        try:
            yield backend
        finally:
            backend.close()

    def check(self, line: Line) -> Iterable[Check]:
        """Whether every key is there, and whether a mail to the line's own address is taken."""
        missing = [
            str(field.label) for field in self.form if field.is_required and not value_of(line, field)
        ]  # fmt: skip
        name = _("Look at the settings")
        if missing:
            told = _("These are missing: %(names)s") % {"names": ", ".join(missing)}
            yield Check(name=name, is_well=False, told=told)
            return
        yield Check(name=name, is_well=True)
        name = _("Send a mail to %(address)s") % {"address": line.address or _("the line's own address")}
        try:
            self.send(line, a_test(line))
        except (RefusedEffectError, TemporaryEffectError, OutcomeIsUnknownError) as error:
            yield failed(name, error)
        else:
            yield Check(name=name, is_well=True)


def value_of(line: Line, field: Field) -> Any:
    """What the line was told there."""
    return (line.secrets if field.kind == "secret" else line.settings).get(field.name)


def require_shared_secret(line: Line, request: Request) -> None:
    """Basic authentication with the line's user and password, compared whole and in constant time."""
    wanted = line.secrets.get("webhook_secret", "")
    kind, _space, told = request.headers.get("authorization", "").partition(" ")
    given = base64.b64decode(told, validate=True) if kind.lower() == "basic" else b""
    if ":" not in wanted:
        given = given.partition(b":")[2]
    if not wanted or not hmac.compare_digest(given, wanted.encode()):
        raise NotVerifiedError


def require_signature(line: Line, request: Request, header: str, *names: str) -> None:
    """HMAC-SHA256 of the body in hexadecimal digits, under one of these secrets of the line."""
    keys = [key for name in names if (key := line.secrets.get(name))]
    given = request.headers.get(header, "")
    made = [hmac.new(key.encode(), request.body, "sha256").hexdigest() for key in keys]
    if not any(hmac.compare_digest(one.encode(), given.encode("utf-8", "replace")) for one in made):
        raise NotVerifiedError


def require_fresh(moment: str | float) -> None:
    """Refuse what was signed too long ago, or in the future."""
    if abs(time.time() - float(moment)) > OLDEST_SECONDS:
        raise StaleDeliveryError


def key_of(line: Line, *names: str) -> str:
    """The first of these secrets that the line has. Raises NotVerifiedError: without one nobody can prove anything."""
    for name in names:
        if found := line.secrets.get(name):
            return found
    raise NotVerifiedError


def as_list(told: Any) -> list[Any]:
    """Providers send one event bare, and several in a list."""
    return told if isinstance(told, list) else [told]


def from_base64(text: str) -> bytes:
    """Raises ValueError for what is none."""
    return base64.b64decode(text)


def raw_mail(text: str | bytes, *, recipient: object = "") -> bytes:
    """A mail as it came, below whom its envelope was for: that may bear a token which its headers do not."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    address = parseaddr(str(recipient or ""))[1]
    is_sound = "@" in address and address.isascii() and address.isprintable() and len(address) < 320
    return (f"X-Original-To: {address}\r\n".encode() if is_sound else b"") + raw


def written(message: Any) -> bytes:
    """A mail made of what a provider took apart: always the same for the same, so that it is known again.

    Files are packed, for the writer would change line ends within them; what parts the parts is made of what they say.
    """
    digest = hashlib.sha256()
    for part in message.walk():
        if not part.is_multipart():
            if "Content-Transfer-Encoding" not in part:
                encoders.encode_base64(part)
            digest.update(str(part.get_payload()).encode("utf-8", "surrogatepass"))
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{digest.hexdigest()[:32]}_{number}")
    return raw_mail(message.as_bytes(policy=policy.SMTP), recipient=message.envelope_recipient)


def report_of(event: Any) -> Report | None:
    """What became of a mail of ours; None if this says nothing about it, or tells of a copy to somebody else."""
    marks = event.metadata if isinstance(event.metadata, Mapping) else {}
    mine, theirs = str(marks.get(RECIPIENT) or "").lower(), str(event.recipient or "").lower()
    state = STATES.get(str(event.event_type))
    provider_id, reference = str(event.message_id or "")[:250], _reference(marks.get(REFERENCE))
    if state is None or (mine and theirs and mine != theirs) or not (provider_id or reference):
        return None
    told = [str(part) for part in (event.description, event.mta_response) if part] if state == "failed" else []
    return Report(
        provider_id=provider_id,
        state=state,
        at=_moment(event.timestamp),
        error=" ".join(" – ".join([str(event.event_type), *told]).split())[:300] if state == "failed" else "",
        error_code=str(event.reject_reason or "")[:40] if state == "failed" else "",
        reference=reference,
    )


def _reference(told: object) -> str:
    try:
        return str(UUID(str(told)))
    except ValueError:
        return ""


def _moment(told: datetime | None) -> datetime | None:
    if told is None:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def words_of(told: Any) -> str:
    """What a provider says in its answer, in one line."""
    if isinstance(told, dict):
        for name in ("ErrorMessage", "message", "Message", "error", "Error", "errors", "Errors", "data"):
            if told.get(name):
                return words_of(told[name])
    if isinstance(told, list) and told:
        return words_of(told[0])
    return " ".join(str(told).split())[:200]
