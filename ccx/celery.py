"""The Celery application: the hands that run readers, sends and sweeps."""

import os
import time
from pathlib import Path

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django.core.cache import cache

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.base")

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_EVERY_SECONDS = 15
ROOTS = ("ccx/kernel", "interactions", "feedback", "journeys", "analytics")


def _rooms_with_tasks() -> list[str]:
    """Every room that has a tasks.py; a list by hand would forget one, and beat would call it in vain."""
    root: Path = settings.BASE_DIR
    found = [path for app_name in ROOTS for path in (root / app_name).rglob("tasks.py")]
    return sorted(".".join(path.parent.relative_to(root).parts) for path in found)


app = Celery("ccx")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ccx"], related_name="readers")
app.autodiscover_tasks(_rooms_with_tasks)


@setup_logging.connect
def _keep_our_logging(**_: object) -> None:
    """Celery would replace the log handlers that redact; they stay as settings made them."""
    from logging.config import dictConfig

    dictConfig(settings.LOGGING)


@app.task(name="ccx.heartbeat", expires=HEARTBEAT_EVERY_SECONDS)
def heartbeat() -> None:
    """Prove that schedule, broker and worker are alive; /readyz reads the age of this proof."""
    cache.set(HEARTBEAT_KEY, time.time(), timeout=24 * 3600)
