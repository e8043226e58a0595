"""`python -m tests.interactions.doors.fetch_process INBOX`: mail fetched in a process of its own, to be killed."""

import sys

import django

django.setup()

from interactions.doors.mail.fetching import fetch_mailbox  # noqa: E402

fetch_mailbox(inbox_id=int(sys.argv[1]))
