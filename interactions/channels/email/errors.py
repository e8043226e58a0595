"""Why a mail cannot be read."""

from ccx.kernel.errors import DomainError


class MailIsUnreadableError(DomainError):
    """This mail cannot be read."""

    code = "mail_is_unreadable"
