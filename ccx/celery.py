"""The Celery application: the hands that run readers, sends and sweeps."""

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery._state import get_current_worker_task
from celery.app.amqp import AMQP
from celery.signals import setup_logging
from django.conf import settings
from django.core.cache import cache
from kombu.connection import Connection
from kombu.pools import producers

from ccx.kernel.audit.choices import Door
from ccx.kernel.audit.context import acting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ccx.settings.base")

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_EVERY_SECONDS = 15
IMPATIENCE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4
ROOTS = ("ccx/kernel", "interactions", "feedback", "journeys", "analytics")


def _rooms_with_tasks() -> list[str]:
    """Every room that has a tasks.py; a list by hand would forget one, and beat would call it in vain."""
    root: Path = settings.BASE_DIR
    found = [path for app_name in ROOTS for path in (root / app_name).rglob("tasks.py")]
    return sorted(".".join(path.parent.relative_to(root).parts) for path in found)


class OurTask(Task):
    """What a worker changes is audited as the worker's; and asking for one never keeps a page waiting."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with acting(door=Door.WORKER, request_id=self.request.id or ""):
            return self.run(*args, **kwargs)

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """From a page, or with `retry=False`, one short try: raises what the driver does where no broker answers."""
        may_wait = get_current_worker_task() is not None and options.get("retry", True)
        if may_wait or options.get("producer") or self.app.conf.task_always_eager:
            return super().apply_async(args, kwargs, **options)
        with producers[impatient_broker()].acquire(block=True, timeout=IMPATIENCE_SECONDS) as producer:
            return super().apply_async(args, kwargs, **options | {"producer": producer, "retry": False})


@lru_cache(maxsize=1)
def impatient_broker() -> Connection:
    """A connection that gives up soon; the workers' own waits for a broker that comes back."""
    options: dict[str, Any] = dict(settings.CELERY_BROKER_TRANSPORT_OPTIONS)
    options |= {
        "socket_timeout": IMPATIENCE_SECONDS,
        "socket_connect_timeout": IMPATIENCE_SECONDS,
        "retry_on_timeout": False,
        "max_retries": 0,
    }
    connection: Connection = app.connection_for_write(settings.REDIS_URL, transport_options=options)
    return connection


class PersistentConnection(Connection):
    """Looks often whether the broker is back: the library's pauses grow to half a minute."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        patient = {"interval_max": LONGEST_PAUSE_SECONDS} | kwargs
        return super().ensure_connection(*args, **patient)  # type: ignore[no-untyped-call]


class OurAMQP(AMQP):
    """Connections of workers and scheduler."""

    Connection = PersistentConnection


app = Celery("ccx", task_cls=OurTask, amqp=OurAMQP)
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
