"""The one way in which mail leaves, and the words for how that ended.

What a mail server says becomes one of three: nothing was sent and may be tried again (TemporaryEffectError), nothing
was sent and never will be (RefusedEffectError), or nobody knows (OutcomeIsUnknownError): the line broke after the
server had the mail and before it said so. Whoever sends decides what "unknown" means; a blind second try is two mails.
"""

import hashlib
import re
import smtplib
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import validate_email

from ccx.kernel.events.effects import (
    CredentialsRefusedError,
    OutcomeIsUnknownError,
    RefusedEffectError,
    TemporaryEffectError,
)

# Line ends of every kind, and what else has no place in a header (U+2028 and U+2029 end a line for some).
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LONGEST_HEADER: Final = 900


class _Watched:
    """Tells a line that broke while the mail was given over from one that broke before.

    The first recipient is whom the mail is for: refused, nothing is sent to anybody. Others are copies.
    """

    has_recipient = False

    def mail(self, sender: str, options: Any = ()) -> tuple[int, bytes]:
        self.has_recipient = False
        answer: tuple[int, bytes] = super().mail(sender, options)  # type: ignore[misc]
        return answer

    def rcpt(self, recip: str, options: Any = ()) -> tuple[int, bytes]:
        answer: tuple[int, bytes] = super().rcpt(recip, options)  # type: ignore[misc]
        if not self.has_recipient and answer[0] not in {250, 251}:
            raise smtplib.SMTPRecipientsRefused({recip: answer})
        self.has_recipient = True
        return answer

    def sendmail(self, *args: Any, **options: Any) -> dict[str, tuple[int, bytes]]:
        refused: dict[str, tuple[int, bytes]] = super().sendmail(*args, **options)  # type: ignore[misc]
        self.refused = refused
        return refused

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            answer: tuple[int, bytes] = super().data(msg)  # type: ignore[misc]
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise OutcomeIsUnknownError(str(error)) from error
        return answer


class _Smtp(_Watched, smtplib.SMTP):
    pass


class _SmtpOverTls(_Watched, smtplib.SMTP_SSL):
    pass


class SmtpBackend(EmailBackend):
    """Django's, over a connection that knows whether the mail had been given over when it broke.

    `refused`: the copies of the last mail that the server did not take, and what it said.
    """

    refused: Mapping[str, tuple[int, bytes]] = {}

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SmtpOverTls if self.use_ssl else _Smtp

    def _send(self, email_message: EmailMessage) -> bool:
        was_sent = bool(super()._send(email_message))  # type: ignore[misc]
        self.refused = getattr(self.connection, "refused", {})
        return was_sent


def deliver(  # noqa: PLR0913 - the parts of a mail, each by its name
    *,
    to: str,
    subject: str,
    text: str,
    key: str,
    html: str = "",
    language: str = "",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send one mail of the installation itself. The same `key` gives the same Message-ID: sent twice, it shows as one.

    Raises TemporaryEffectError, RefusedEffectError or, where nobody knows, OutcomeIsUnknownError.
    """
    sender = settings.DEFAULT_FROM_EMAIL
    named = {
        "Message-ID": message_id(key, sender=sender),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        **({"Content-Language": language} if language else {}),
        **(headers or {}),
    }
    mail = EmailMultiAlternatives(
        subject=header_value(subject),
        body=text,
        from_email=sender,
        to=[address_of(to)],
        headers={name: header_value(value) for name, value in named.items()},
    )
    if html:
        mail.attach_alternative(html, "text/html")
    post(mail)


def post(mail: EmailMessage, *, connection: BaseEmailBackend | None = None) -> tuple[str, ...]:
    """Hand one mail to a server and say how that ended (see the module); a sentence for each copy it did not take."""
    connection = connection or get_connection()
    try:
        connection.send_messages([mail])
    except OutcomeIsUnknownError:
        raise
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(max((code for code, _ in error.recipients.values()), default=450), error) from error
    except smtplib.SMTPAuthenticationError as error:
        raise CredentialsRefusedError(_told(error)) from error
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise TemporaryEffectError(_told(error)) from error
    refused: Mapping[str, tuple[int, bytes]] = getattr(connection, "refused", {})
    return tuple(header_value(f"{to}: {code} {words!r}")[:200] for to, (code, words) in refused.items())


def message_id(key: str, *, sender: str) -> str:
    """An RFC 5322 Message-ID that is the same for the same key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain_of(sender)}>"


def domain_of(address: str) -> str:
    """The part after the @ of an address with or without a name."""
    return parseaddr(address)[1].rpartition("@")[2] or "localhost"


def header_value(text: str) -> str:
    """Text that is safe as a header: one line, no control characters, not endless (the writer folds it)."""
    return " ".join(CONTROL.sub(" ", text).split())[:LONGEST_HEADER]


def address_of(text: str) -> str:
    """One bare address. Raises RefusedEffectError if it is none: no try will ever reach it."""
    try:
        validate_email(text)
    except ValidationError:
        raise RefusedEffectError("not an address") from None
    return text


def _by_code(code: int, error: smtplib.SMTPException) -> Exception:
    refused = 500 <= code < 600
    return RefusedEffectError(_told(error)) if refused else TemporaryEffectError(_told(error))


def _told(error: Exception) -> str:
    """What the server said, without whom the mail was for."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return header_value("; ".join(f"{code} {words!r}" for code, words in error.recipients.values()))[:200]
    return header_value(str(error))[:200] or type(error).__name__
