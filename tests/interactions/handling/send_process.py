"""A worker's whole life, as a process that a test can kill: send what is due, mails into a folder."""

import sys
from pathlib import Path

import django
from django.test import override_settings


def main(folder: Path) -> None:
    """Send everything once; CCX_FAILPOINT says where to die."""
    from interactions.handling.outgoing import send_due_messages

    backend = "django.core.mail.backends.filebased.EmailBackend"
    with override_settings(EMAIL_BACKEND=backend, EMAIL_FILE_PATH=str(folder)):
        send_due_messages()


if __name__ == "__main__":
    django.setup()
    main(Path(sys.argv[1]))
