"""manage.py receive_mail --inbox NAME < mail: a mail server's pipe. Exit status 75 asks it to try again later."""

import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError

from ccx.kernel.audit.commands import AuditedCommand
from interactions.doors.mail.selectors import line_named
from interactions.doors.mail.services import take_mail

# sysexits.h
TRY_AGAIN: Final = 75
MAX_HEAD: Final = 64 * 1024


class Command(AuditedCommand):
    help = "Takes one mail in from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which line it came to."""
        parser.add_argument("--inbox", required=True, help="Name or address of the e-mail line.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take it in; a mail that cannot be read is put aside, which counts as delivered."""
        limit = settings.CCX_MAIL_MAX_MB * 1024 * 1024
        raw = sys.stdin.buffer.read(limit + 1)
        is_cut = len(raw) > limit
        while is_cut and sys.stdin.buffer.read(1024 * 1024):
            pass  # the rest, so that the pipe does not break
        try:
            inbox = line_named(options["inbox"])
            if inbox is None:
                raise CommandError("There is no such e-mail line.", returncode=TRY_AGAIN)
            taken = take_mail(inbox=inbox, raw=raw[:MAX_HEAD] if is_cut else raw, is_cut=is_cut)
        except (OperationalError, InterfaceError):
            raise CommandError("The database cannot be reached.", returncode=TRY_AGAIN) from None
        told = "put aside" if taken.is_unreadable else "taken in"
        self.stdout.write("kept, and read later" if taken.is_late else told)
