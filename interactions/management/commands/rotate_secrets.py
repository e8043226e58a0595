"""manage.py rotate_secrets: what is kept encrypted is encrypted anew with the first key of CCX_ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import CommandError

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.secrets import SecretIsUnreadableError
from interactions.channels.services import rotate_credentials


class Command(AuditedCommand):
    help = "Encrypts the passwords of all lines anew with the first key; afterwards the other keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, all or nothing."""
        try:
            count = rotate_credentials(by=None)
        except SecretIsUnreadableError:
            raise CommandError("A password opens with none of the keys: put back the key it was kept with.") from None
        self.stdout.write(f"{count} lines keep their passwords under the first key.")
