"""What Messenger and Instagram have in common: a page that people write to, and that may answer for a while."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ccx.kernel.events.effects import OutcomeIsUnknownError, RefusedEffectError
from interactions.channels.contract import (
    Adapter,
    Answer,
    CannotAskError,
    Check,
    FetchedFile,
    Field,
    Handed,
    Line,
    Outgoing,
    Parsed,
    Report,
    Request,
)
from interactions.channels.meta.checking import COMMON_FIELDS, step
from interactions.channels.meta.graph import call, node
from interactions.channels.meta.media import download
from interactions.channels.meta.page_reading import read
from interactions.channels.meta.signature import answer_challenge, verify_meta
from interactions.channels.telling import inner, mapping, rows, words

WINDOW: Final = timedelta(hours=24)
WINDOW_OF_PEOPLE: Final = timedelta(days=7)
# Our clock and theirs, when something that we sent is looked for.
LEEWAY: Final = timedelta(seconds=10)
SECONDS_OF_FILE: Final = 60.0


def page_fields(page: Field) -> Sequence[Field]:
    """What such a line has to be told; `page` asks for the id of what people write to."""
    return (
        page,
        *COMMON_FIELDS[:3],
        Field(
            name="human_agent",
            label=gettext_lazy("Answers within seven days"),
            kind="bool",
            help=gettext_lazy("Meta has granted the app the permission Human Agent; without it a day is all there is."),
        ),
        *COMMON_FIELDS[3:],
    )


class PageAdapter(Adapter):
    """Its customers write first; each of their messages opens the window anew."""

    # What its deliveries say that they are of, and what its messages are asked for as.
    told_as: ClassVar[str]
    platform: ClassVar[str]
    secret_query: ClassVar[tuple[str, ...]] = ("hub.verify_token",)

    def challenge(self, line: Line, request: Request) -> Answer | None:
        return answer_challenge(line, request)

    def verify(self, line: Line, request: Request) -> None:
        verify_meta(request, secret=line.secrets.get("app_secret", ""))

    def parse(self, line: Line, request: Request, *, received_at: datetime) -> Parsed:
        return read(line, request.json(), of=self.told_as, received_at=received_at)

    def answer(self, line: Line, request: Request, *, is_understood: bool) -> Answer:
        return Answer(content="EVENT_RECEIVED")

    def send(self, line: Line, outgoing: Outgoing) -> Handed:
        """Its reference goes along, and comes back with the echo: also where this answer is lost."""
        timing = _timing(line, outgoing)
        message = self.message(line, outgoing) | {"metadata": str(outgoing.reference)}
        told = call(
            line,
            "POST",
            f"{self.sender(line)}/messages",
            json={"recipient": {"id": outgoing.recipient}, **timing, "message": message},
        )
        if not words(told, "message_id"):
            raise OutcomeIsUnknownError("the platform answered without the message's id")
        return Handed(provider_id=words(told, "message_id"))

    @abstractmethod
    def message(self, line: Line, outgoing: Outgoing) -> dict[str, Any]:
        """The words or the file of a message, as the platform takes it."""

    def sender(self, line: Line) -> str:
        """Whose messages they are, as a step of a path."""
        return node(line.settings.get("page_id") or "me")

    def look_up(self, line: Line, outgoing: Outgoing, *, since: datetime) -> Report | None:
        """Among the last messages to this person: the one with exactly these words, said since then by us."""
        if outgoing.files:
            raise CannotAskError
        told = call(
            line,
            "GET",
            f"{self.sender(line)}/conversations",
            is_idempotent=True,
            params={
                "platform": self.platform,
                "user_id": outgoing.recipient,
                "fields": "messages.limit(25){id,created_time,message,from}",
            },
        )
        found = [
            one
            for talk in rows(told, "data")
            for one in rows(inner(mapping(talk), "messages"), "data")
            if _is(one, outgoing, since)
        ]
        if len(found) > 1:
            raise CannotAskError
        return Report(provider_id=words(found[0], "id"), state="sent") if found else None

    def fetch(self, line: Line, reference: Mapping[str, Any], *, max_bytes: int) -> FetchedFile:
        """From the platform's own hosts, which are told nothing of who we are."""
        name = str(reference.get("name", ""))
        return download(line, str(reference.get("url", "")), name=name, max_bytes=max_bytes, with_token=False)

    def tell_typing(self, line: Line, recipient: str, *, last_heard: str = "") -> None:
        self._act(line, recipient, "typing_on")

    def _act(self, line: Line, recipient: str, action: str) -> None:
        told = {"recipient": {"id": recipient}, "sender_action": action}
        try:
            call(line, "POST", f"{self.sender(line)}/messages", timeout=4.0, json=told)
        except Exception:  # a nicety, whose failure is nobody's trouble
            return

    def check(self, line: Line) -> Iterable[Check]:
        """The page, and whether it tells us what it is told."""
        page, told = step(
            _("The page"),
            lambda: call(line, "GET", self.sender(line), is_idempotent=True, params={"fields": "id,name"}),
            lambda found: words(found, "name"),
        )
        yield page
        if told is None:
            return
        yield step(_("The webhook"), lambda: self._subscribed(line), lambda _found: "")[0]

    def _subscribed(self, line: Line) -> Mapping[str, Any]:
        told = call(line, "GET", f"{self.sender(line)}/subscribed_apps", is_idempotent=True)
        fields = {field for one in rows(told, "data") for field in rows(mapping(one), "subscribed_fields")}
        if "messages" not in fields:
            raise RefusedEffectError(_("no app is subscribed to the messages of this page."))
        return told


def _timing(line: Line, outgoing: Outgoing) -> dict[str, str]:
    """Whether the window is open, and by what right."""
    heard = outgoing.last_heard_at
    silence = timezone.now() - heard if heard else None
    if silence is not None and silence < WINDOW:
        return {"messaging_type": "RESPONSE"}
    if silence is not None and silence < WINDOW_OF_PEOPLE and line.settings.get("human_agent"):
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise RefusedEffectError(_("The customer's last message is too old: the platform lets nobody answer it any more."))


def _is(one: Any, outgoing: Outgoing, since: datetime) -> bool:
    if not isinstance(one, dict) or words(one, "message").strip() != outgoing.body.strip():
        return False
    try:
        at = parse_datetime(words(one, "created_time"))
    except ValueError:
        return False
    is_theirs = words(inner(one, "from"), "id") == outgoing.recipient
    return at is not None and at.tzinfo is not None and at >= since - LEEWAY and not is_theirs
