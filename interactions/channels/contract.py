"""The one contract between CCX and the providers of channels; each adapter is a folder of interactions/channels.

An adapter knows its provider's protocol and no rows of ours but the line it is given. It verifies who calls, reads
what was brought, says what its channel can, and speaks to the provider. Doors call intake with what it read,
`interactions/handling/outgoing.py` hands it what is to be sent. docs/adding-a-channel.md says which files to touch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from uuid import UUID

from django.utils.functional import Promise

from ccx.kernel.access.errors import MalformedBodyError
from ccx.kernel.access.strict_json import read_json
from ccx.kernel.events.effects import RefusedEffectError
from interactions.channels.choices import Channel
from interactions.channels.contact import IdentityClaim, InboundContact
from interactions.channels.voice.told import CallTold

# Text for people, translated when it is shown.
Words = str | Promise


class NotVerifiedError(Exception):
    """The caller is not who may call here: nothing is kept, and it hears 403."""


class StaleDeliveryError(Exception):
    """Signed, but too long ago (or from the future): nothing is kept, and it hears 400."""


class UnreadableDeliveryError(Exception):
    """Verified, and not to be understood: kept as it came, and put aside for a person."""


class CannotAskError(Exception):
    """The provider has no way to be asked this."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """An inbox as its adapter sees it. `webhook_url` is the public address at which its provider calls us."""

    inbox_id: int
    public_id: UUID
    channel: Channel
    name: str
    address: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhook_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request as it came. `url` is the public one, as the provider wrote it; header names are lower-case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    query: Sequence[tuple[str, str]] = ()

    def form(self) -> list[tuple[str, str]]:
        """The pairs of a urlencoded body, in their order, repeated names kept. Raises UnreadableDeliveryError."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=2000)
        except ValueError as error:
            raise UnreadableDeliveryError("the form cannot be read") from error

    def json(self) -> Any:
        """The body as JSON, read as strictly as that of a stranger. Raises UnreadableDeliveryError."""
        try:
            return read_json(self.body)
        except MalformedBodyError as error:
            raise UnreadableDeliveryError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the provider hears back."""

    status: int = 200
    content: str = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file that the provider keeps for us. `reference` is what its adapter fetches it by, and goes into JSON."""

    name: str
    content_type: str
    reference: Mapping[str, Any]
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class FetchedFile:
    """A file in hand."""

    name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """One thing that came in, and what hangs on it. `meta` becomes the message's (places, reactions, marks)."""

    contact: InboundContact
    files: tuple[RemoteFile | FetchedFile, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of a message of ours. `state` is a value of SendingState: sent, delivered, read or failed.

    `reference` is our own id of the message (its public id) where the provider gives it back. Without `provider_id`
    and `reference` it is of everything that `recipient` had been sent until `at`.
    """

    provider_id: str
    state: str
    at: datetime | None = None
    error: str = ""
    error_code: str = ""
    reference: str = ""
    recipient: str = ""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A customer changed or took back what they had said; the first words are kept."""

    external_id: str
    body: str | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """A customer's sign on a message, theirs or ours, by the provider's id of it. An empty sign takes it back."""

    message_id: str
    sign: str
    by: IdentityClaim
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ConsentTold:
    """A customer allowed or took back, through the channel itself, that we write there."""

    identity: IdentityClaim
    is_given: bool
    source: str
    at: datetime
    purpose: str = "service"


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What one delivery held. `ignored` names kinds that mean nothing to us; `broken` what could not be read of it.

    `mails` are whole mails as they came (RFC 5322), which go the way of fetched mail; `same` are pairs of addresses of
    which the platform attests that they are one person's.
    """

    arrived: tuple[Arrived, ...] = ()
    mails: tuple[bytes, ...] = field(default=(), repr=False)
    reports: tuple[Report, ...] = ()
    edits: tuple[Edit, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    consents: tuple[ConsentTold, ...] = ()
    same: tuple[tuple[IdentityClaim, IdentityClaim], ...] = ()
    calls: tuple[CallTold, ...] = ()
    ignored: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TemplateSlot:
    """A message that the provider has approved, by name and language, with how many words fill it."""

    name: str
    language: str
    text: str
    parameters: int = 0


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a line can do, as data: the composer reads it before an agent presses send.

    `max_text` in what `counts` says: characters, bytes (of UTF-8) or utf16 (units of it); `max_text_with_files` where
    less fits beside a file. `max_file` in bytes; `file_types` are media types, "image/*" for all of a kind, empty: any.
    `reply_window`: how long after the customer's last message free words may be sent; after it templates only.
    `can_start`: we may write to whom never wrote here. `notes` are sentences for agents. `shows_typing`, `shows_read`:
    the customer is shown that we type, that we saw. `is_instant`: what we write is there with its row, for good.
    """

    can_send: bool = True
    can_start: bool = False
    max_text: int | None = None
    counts: str = "characters"
    max_text_with_files: int | None = None
    max_files: int = 0
    max_file: int = 0
    file_types: tuple[str, ...] = ()
    has_text_with_files: bool = True
    formats: tuple[str, ...] = ("plain",)
    reply_window: timedelta | None = None
    templates: tuple[TemplateSlot, ...] = ()
    has_subject: bool = False
    tells_delivered: bool = False
    tells_read: bool = False
    shows_typing: bool = False
    shows_read: bool = False
    is_instant: bool = False
    per_second: float | None = None
    notes: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OutgoingFile:
    """A file that goes along; `read` gives its bytes, `url` a public address of it for a quarter of an hour."""

    name: str
    content_type: str
    size: int
    read: Callable[[], bytes] = field(repr=False)
    url: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message of ours on its way. `reference` is the message's public id: what we are known by to the provider.

    `template` is {"name", "language", "parameters": [..]} or empty. `thread` are ids of what was said before, the
    oldest first, as the channel wrote them (ours by public id, theirs by external id). `copies` are addresses that
    get it too, where the channel knows such.
    """

    reference: UUID
    recipient: str
    body: str
    subject: str = ""
    author: str = ""
    language: str = ""
    interaction_id: int = 0
    files: tuple[OutgoingFile, ...] = ()
    template: Mapping[str, Any] = field(default_factory=dict)
    thread: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    last_heard_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Handed:
    """The provider has it. `state` is "sent", or "delivered" where handing over is delivering.

    `note` says what of it did not go (a copy that was refused); it is shown beside the state.
    """

    provider_id: str = ""
    state: str = "sent"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One step of trying a line; `told` says what failed and what to do, with `is_warning` what is missing still."""

    name: Words
    is_well: bool
    told: Words = ""
    is_warning: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing that a line's form asks for. `kind`: text, secret, choice, bool, number, url, lines, email.

    `name` is a key of the inbox's settings, dotted for a group ("imap.host"), a secret's of its credentials. What
    `is_rare` stands folded away.
    """

    name: str
    label: Words
    kind: str = "text"
    is_required: bool = False
    help: Words = ""
    choices: tuple[tuple[str, Words], ...] = ()
    group: Words = ""
    default: Any = ""
    is_rare: bool = False


class Adapter(ABC):
    """One provider of one channel. Without state: one object serves every line, in every thread."""

    channel: ClassVar[Channel]
    # What tells it from other providers of the same channel; "" is the channel's usual one.
    provider: ClassVar[str] = ""
    label: ClassVar[Words]
    # The kind of identity that its contacts bear (interactions.customers.choices.IdentityKind).
    identity_kind: ClassVar[str]
    # Whether a provider calls us at an address of the line's own, what follows it there, and what to do with it.
    has_webhook: ClassVar[bool] = True
    webhook_path: ClassVar[str] = ""
    webhook_help: ClassVar[Words] = ""
    steps: ClassVar[tuple[Words, ...]] = ()  # how such a line is set up: shown beside its form
    guide: ClassVar[str] = ""  # and at length: a file of the documentation
    max_body: ClassVar[int] = 10 * 1024 * 1024  # the largest delivery that is read at all
    # Headers that are kept with a delivery, because reading it again needs them. Never secrets.
    kept_headers: ClassVar[tuple[str, ...]] = ("content-type",)
    gives_up_after: ClassVar[timedelta | None] = None  # failing for so long; then a person says when it goes on
    # Parameters of the address that are secrets, and never kept: `parse` must not need them.
    secret_query: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def fields(self) -> Sequence[Field]:
        """What a line of this kind has to be told."""

    @abstractmethod
    def capabilities(self, line: Line) -> Capabilities:
        """What the line can do as it is configured."""

    def challenge(self, line: Line, request: Request) -> Answer | None:
        """The answer to a provider that asks whether we are there; None: it is a delivery. Raises NotVerifiedError."""
        return None

    def verify(self, line: Line, request: Request) -> None:
        """Return if the provider sent this, over the raw bytes, in constant time.

        Raises NotVerifiedError, or StaleDeliveryError where the scheme has a time and it is more than five minutes off;
        TemporaryEffectError where what proves it (a certificate) cannot be had just now.
        """
        raise NotVerifiedError

    def mark(self, request: Request) -> str:
        """What tells this delivery from another with the same address and body; "" where nothing does."""
        return ""

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        """What a verified delivery holds. Raises UnreadableDeliveryError; anything else it raises counts as that."""
        return Parsed(ignored=("everything",))

    def answer(self, line: Line, request: Request, *, is_understood: bool) -> Answer:
        """What the provider expects to hear once its delivery is kept."""
        return Answer()

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        """Hand one message to the provider; a channel that only listens refuses.

        Raises TemporaryEffectError (nothing was sent: network, 429 with its wait, 5xx that says so), RefusedEffectError
        (never will be: 4xx), and anything else where nobody knows (the answer was lost).
        """
        raise RefusedEffectError("this channel cannot send")

    def look_up(self, line: Line, outgoing: Outgoing, *, since: datetime) -> Report | None:
        """Ask the provider what became of a message whose answer was lost; None: it does not know it by our reference.

        Raises CannotAskError where the provider cannot be asked.
        """
        raise CannotAskError

    def missed(self, line: Line, *, since: datetime) -> Iterable[Parsed]:
        """What came in since then, where the provider can be asked: for the time in which we were down."""
        return ()

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        """A file that the provider keeps. Raises as `send` does; CannotAskError where a channel has no such files."""
        raise CannotAskError

    def tell_typing(self, line: Line, recipient: str, *, last_heard: str = "") -> None:
        """Where `shows_typing`; `last_heard` is the id of the customer's last message. Never raises."""
        return

    def tell_read(self, line: Line, external_id: str) -> None:
        """Where `shows_read`. Never raises."""
        return

    def ask_templates(self, line: Line) -> list[dict[str, Any]]:
        """What the provider has approved: each with name, language, text and how many `parameters` fill it."""
        raise CannotAskError

    @abstractmethod
    def check(self, line: Line) -> Iterable[Check]:
        """Try the line step by step, as far as can be done without a customer; says precisely what failed."""
