"""What the scheduler calls exists where the worker looks for it."""

import os
import subprocess
import sys

from django.conf import settings

TELL = """
import django
django.setup()
from ccx.celery import app
app.loader.import_default_modules()
print("\\n".join(app.tasks))
"""


def test_a_worker_knows_every_task_of_the_schedule() -> None:
    told = subprocess.run(
        [sys.executable, "-c", TELL],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "ccx.settings.test"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled - set(told.stdout.split()) == set()
