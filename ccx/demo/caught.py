"""What was caught, and answering it as the customer would: a mail like any other, through the door for mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from interactions.channels.email.errors import MailIsUnreadableError
from interactions.channels.email.reading import Mail, parse
from interactions.doors.mail.selectors import line_named
from interactions.doors.mail.services import Taken, take_mail

NAME: Final = re.compile(r"(\d{20})-[0-9a-f]{32}")
MOST_SHOWN: Final = 100


@dataclass(frozen=True)
class Caught:
    """One mail that would have left."""

    name: str
    at: datetime
    mail: Mail

    @property
    def to(self) -> str:
        return self.mail.recipients[0] if self.mail.recipients else ""

    @property
    def line(self) -> str:
        """Where an answer goes."""
        return self.mail.reply_to or self.mail.sender


def is_on() -> bool:
    """Only a demonstration catches mail."""
    return settings.DEMO and not settings.PRODUCTION


def caught_mails() -> Iterator[Caught]:
    """The newest first."""
    for path in sorted(_folder().glob("*.eml"), reverse=True)[:MOST_SHOWN]:
        if (found := caught_mail(path.stem)) is not None:
            yield found


def caught_mail(name: str) -> Caught | None:
    """One of them by its name."""
    named = NAME.fullmatch(name)
    if named is None:
        return None
    try:
        mail = parse((_folder() / f"{name}.eml").read_bytes())
    except (OSError, MailIsUnreadableError):
        return None
    return Caught(name, datetime.fromtimestamp(int(named[1]) / 1e9, tz=UTC), mail)


def answer_as_the_customer(caught: Caught, words: str) -> Taken | None:
    """Write back to whoever wrote, as a mail program would; None if no line of ours has that address."""
    inbox = line_named(caught.line)
    if inbox is None:
        return None
    said = caught.mail
    answer = EmailMessage(policy=SMTP)
    answer["From"] = caught.to
    answer["To"] = caught.line
    answer["Subject"] = said.subject if said.subject.lower().startswith("re:") else f"Re: {said.subject}"
    answer["Date"] = format_datetime(timezone.now())
    answer["Message-ID"] = f"<{uuid4().hex}@customer.example>"
    if said.message_id:
        answer["In-Reply-To"] = said.message_id
        answer["References"] = " ".join([*reversed(said.answers), said.message_id])
    quoted = "\n".join(f"> {line}" for line in said.text.splitlines())
    answer.set_content(f"{words}\n\nOn {caught.at:%d %B %Y at %H:%M}, {said.sender} wrote:\n\n{quoted}\n")
    return take_mail(inbox=inbox, raw=answer.as_bytes())


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "mail"
