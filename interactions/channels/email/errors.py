"""Why a mail cannot be read."""

from ccx.kernel.errors import DomainError


class MailIsUnreadableError(DomainError):
    """This mail cannot be read."""

    code = "mail_is_unreadable"


class ReaderFailedError(MailIsUnreadableError):
    """Its reader was ended or died: perhaps through the mail, perhaps through the machine. A later try may tell."""

    code = "mail_reader_failed"
