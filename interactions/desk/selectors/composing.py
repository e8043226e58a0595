"""What the composer offers: whether a reply can be written, to whom it goes, and what was begun."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from ccx.kernel.errors import DomainError
from ccx.kernel.models import User
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.desk.choices import ComposerMode
from interactions.desk.selectors.standing import Standing
from interactions.handling.models import Draft
from interactions.handling.selectors import Way, way_out


@dataclass(frozen=True)
class Gate:
    """What may be written now, and why no more than that."""

    mode: ComposerMode
    way: Way | None = None
    why_not: str = ""

    @property
    def way_slug(self) -> str:
        return Channel(self.way.inbox.channel).slug if self.way else ""

    @property
    def can_reply(self) -> bool:
        return self.mode == ComposerMode.REPLY


@dataclass(frozen=True)
class Begun:
    """The words the person has begun, or none, under the id they will be sent as."""

    draft_id: UUID
    body: str = ""
    is_note: bool = False


def gate(stands: Standing) -> Gate:
    """What the person may write in this contact."""
    contact = stands.interaction
    if contact.is_closed:
        return Gate(mode=ComposerMode.NOTHING)
    if not stands.can_note:
        return Gate(mode=ComposerMode.NOTHING)
    if contact.status == InteractionStatus.WRAP_UP and stands.is_mine:
        return Gate(mode=ComposerMode.WRAP_UP)
    try:
        way = way_out(contact)
    except DomainError as refused:
        return Gate(mode=ComposerMode.NOTE, why_not=str(refused))
    if not stands.can_reply:
        return Gate(mode=ComposerMode.NOTE, way=way)
    return Gate(mode=ComposerMode.REPLY, way=way)


def begun(*, interaction: Interaction, user: User) -> Begun:
    """What the person was writing here when they left."""
    draft = Draft.objects.filter(interaction=interaction, author=user).first()
    if draft is None:
        return Begun(draft_id=uuid4())
    return Begun(draft_id=draft.public_id, body=draft.body, is_note=draft.is_note)
