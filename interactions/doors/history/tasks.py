"""The workers' part of imports. Redis may lose any of this: the sweep finds in the database what is left to do."""

from datetime import timedelta
from functools import partial

import structlog
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from ccx.kernel.errors import DomainError
from interactions.doors.history.forgetting import forget_files, forget_rows
from interactions.doors.history.services import SLICE_SECONDS, fail_import, stranded_imports, work_on_import

logger = structlog.get_logger(__name__)

# No sign of life for so long, and nobody holding the lock: the worker is dead.
SILENCE_SECONDS = 120


@shared_task(name="interactions.imports.run", acks_late=True, ignore_result=True)
def run_history_import(run_id: int) -> None:
    """Work on an import for a while and hand the rest on, so that one import does not hold a worker for ever."""
    _give_sign_of_life(run_id)
    try:
        is_unfinished = work_on_import(run_id=run_id)
    except (OperationalError, InterfaceError):
        raise  # the database went away: the sweep takes the import up again
    except DomainError as error:
        fail_import(run_id=run_id, error=str(error))
    except Exception as error:
        logger.exception("import_failed", run_id=run_id)
        fail_import(run_id=run_id, error=f"{type(error).__name__}: {error}")
    else:
        if is_unfinished:
            _give_sign_of_life(run_id)
            hand_over(run_id)


@shared_task(name="interactions.imports.sweep", acks_late=True, ignore_result=True)
def sweep_imports() -> None:
    """Hand out imports again whose worker died or whose task was lost."""
    for run_id in stranded_imports():
        if cache.add(_key(run_id), 1, timeout=SILENCE_SECONDS):
            hand_over(run_id)


@shared_task(name="interactions.imports.purge", acks_late=True, ignore_result=True)
def purge() -> None:
    """Forget files of imports that are over, and rows that were listed long ago."""
    before = timezone.now() - timedelta(days=settings.CCX_IMPORTS_DAYS)
    forget_files(before=before)
    forget_rows(before=before)


def hand_over(run_id: int) -> None:
    """Ask a worker to go on with an import, once what is known of it is committed."""
    transaction.on_commit(partial(_ask_worker, run_id))


def _ask_worker(run_id: int) -> None:
    """Without a broker the sweep does it later."""
    try:
        run_history_import.delay(run_id)
    except (BrokerError, RedisError, OSError):
        logger.warning("import_waits_for_the_sweep", run_id=run_id)


def _give_sign_of_life(run_id: int) -> None:
    cache.set(_key(run_id), 1, timeout=SILENCE_SECONDS + SLICE_SECONDS)


def _key(run_id: int) -> str:
    return f"history-import-alive:{run_id}"
