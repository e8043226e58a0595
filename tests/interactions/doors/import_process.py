"""`python -m tests.interactions.doors.import_process RUN FILE`: an import in a process of its own, to be killed."""

import sys
from pathlib import Path

import django

django.setup()

from interactions.doors.history import running  # noqa: E402
from interactions.models import ImportRun  # noqa: E402

running.CHUNK = 10
running.run_import(ImportRun.objects.get(pk=int(sys.argv[1])), path=Path(sys.argv[2]))
