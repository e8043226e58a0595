"""A worker in a process of its own, for tests that kill it: python -m tests.feedback.send_process FOLDER"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.test")


def main() -> None:
    """Send what is due into files; CCX_FAILPOINT says where to die."""
    django.setup()
    from django.conf import settings

    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = sys.argv[1]

    from feedback.surveys.services import send_due_invitations

    send_due_invitations()


if __name__ == "__main__":
    main()
