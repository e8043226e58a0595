"""A mail as its sender laid it out: what may be shown of it, and where its pictures come from."""

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Final
from uuid import UUID

from django.core import signing
from django.urls import reverse

from ccx.kernel.models import User
from interactions.cases.models import Attachment, MessageHtml
from interactions.channels.email.html_safe import IMAGE, SOURCE, is_remote
from interactions.desk.selectors.door import readable

PICTURE: Final = "picture of a mail"
PICTURE_SECONDS: Final = 600
# Pictures of one pixel are there to tell their sender that somebody looked.
SPY: Final = re.compile(r'\s(?:width|height)="[01](?:px)?"')
MOST_PICTURES: Final = 200
MAX_PICTURE: Final = 25 * 1024 * 1024


@dataclass(frozen=True)
class Layout:
    """Ready to be put into a document of its own that may run nothing."""

    html: str
    has_remote: bool
    interaction_id: int


def layout_of(*, message_id: UUID, user: User, with_images: bool) -> Layout | None:
    """The layout of a message that the user may read; None where there is none."""
    found = (
        MessageHtml.objects.filter(message__public_id=message_id, message__interaction__in=readable(user))
        .select_related("message")
        .first()
    )
    if found is None:
        return None
    inline = {
        kept.content_id: kept.pk
        for kept in Attachment.objects.filter(message_id=found.pk, state=Attachment.State.KEPT).exclude(content_id="")
    }
    pictures = _Pictures(inline, with_images=with_images)
    html = IMAGE.sub(pictures.shown, found.html)
    return Layout(html=html, has_remote=found.has_remote, interaction_id=found.message.interaction_id)


def picture_of(token: str) -> str | int | None:
    """What a signed address stands for: an address elsewhere, or a file of ours; None if it is not ours or too old."""
    try:
        told: str | int = signing.loads(token[:4000], salt=PICTURE, max_age=PICTURE_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return told


def kept_picture(number: int) -> bytes | None:
    """A file of ours that a signed address named; None if it is gone."""
    kept = Attachment.objects.filter(pk=number, state=Attachment.State.KEPT).first()
    if kept is None:
        return None
    try:
        with kept.file.open() as file:
            content: bytes = file.read(MAX_PICTURE)
    except OSError:
        return None
    return content


class _Pictures:
    """Replaces where pictures lie by addresses of ours, or by nothing."""

    def __init__(self, inline: dict[str, int], *, with_images: bool) -> None:
        self.inline = inline
        self.with_images = with_images
        self.count = 0

    def shown(self, image: re.Match[str]) -> str:
        tag = image[0]
        found = SOURCE.search(tag)
        source = unescape(found[1]) if found else ""
        self.count += 1
        target: str | int | None = None
        if source.lower().startswith("cid:"):
            target = self.inline.get(source[4:])
        elif is_remote(source) and self.with_images and SPY.search(tag) is None:
            target = source
        if found is None or target is None or self.count > MOST_PICTURES:
            return SOURCE.sub("", tag, count=1)
        address = reverse("desk:picture", args=[signing.dumps(target, salt=PICTURE)])
        return f'{tag[: found.start()]} src="{escape(address)}"{tag[found.end() :]}'
