"""Three questions a machine may ask: is the process alive, may it get traffic, and how is everything; and what
whoever asks anything hears when something failed."""

import hmac
import shutil
import sys
import time
from collections.abc import Callable
from functools import cache as once
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache, caches
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from ccx.celery import HEARTBEAT_EVERY_SECONDS, HEARTBEAT_KEY
from ccx.kernel.events.trouble import is_outage

HEARTBEAT_LATE_SECONDS = 4 * HEARTBEAT_EVERY_SECONDS
EVENTS_LATE_SECONDS = 60
COME_AGAIN_SECONDS = 5

# The oldest event that no reader position covers yet, told by two indexes: unnumbered rows, and the slowest reader.
OLDEST_WAITING_EVENT = """
SELECT extract(epoch FROM now() - least(
    (SELECT recorded_at FROM kernel_event WHERE position IS NULL ORDER BY id LIMIT 1),
    (SELECT recorded_at FROM kernel_event
      WHERE position > (SELECT min(position) FROM kernel_readerposition) ORDER BY position LIMIT 1)
))
"""


class ProbeMiddleware:
    """Answers the probes before host names, sessions and redirects are looked at: a probe knows only an address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()  # a request that died in its error page left its own
        probe = PROBES.get(request.path)
        return probe(request) if probe else self.get_response(request)


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers; it asks nobody else."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """503 without the database or with unapplied migrations; everything else only degrades."""
    blocking = database_trouble()
    if blocking:
        return JsonResponse({"status": "unready", "reason": blocking}, status=503)
    degraded = [name for name, (_, fine) in measures().items() if not fine]
    return JsonResponse({"status": "degraded" if degraded else "ready", "degraded": degraded})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The detail, for whoever holds CCX_HEALTH_TOKEN. Without that setting there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.HEALTH_TOKEN or not hmac.compare_digest(given.encode(), settings.HEALTH_TOKEN.encode()):
        return JsonResponse({"status": "not found"}, status=404)
    blocking = database_trouble()
    found = {} if blocking else measures() | {"deliveries_aside": (_deliveries_aside(), True)}
    body: dict[str, Any] = {
        "status": "unready" if blocking else "ready" if all(fine for _, fine in found.values()) else "degraded",
        "database": blocking or "fine",
        "disk_free_mb": shutil.disk_usage(settings.BASE_DIR).free // 1_000_000,
    }
    body |= {name: {"value": value, "fine": fine} for name, (value, fine) in found.items()}
    return JsonResponse(body, status=503 if blocking else 200)


def failed(request: HttpRequest) -> HttpResponse:
    """The last answer. Without the database it says so, and when to come again: nothing is wrong with the request."""
    error = sys.exc_info()[1]
    if error is None or not is_outage(error):
        return server_error(request)
    page = loader.get_template("503.html").render({}, None)
    return HttpResponse(page, status=503, headers={"Retry-After": str(COME_AGAIN_SECONDS)})


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/livez": livez, "/readyz": readyz, "/healthz": healthz}


def database_trouble() -> str:
    """Why no request can be served: "database", "migrations", or nothing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if migrations_are_applied() else "migrations"
    except (DatabaseError, InterfaceError):
        return "database"


def measures() -> dict[str, tuple[float | str, bool]]:
    """What may be out of order while pages are still served: name -> (value, fine)."""
    return {"redis": _redis(), "worker": _worker(), "event_age": _event_age()}


@once
def _needed_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


@once
def _migrations_seen_applied() -> dict[str, bool]:
    return {}


def migrations_are_applied() -> bool:
    """Whether every migration on disk is recorded; a yes is remembered for the life of the process."""
    seen = _migrations_seen_applied()
    key = connection.settings_dict["NAME"]
    if not seen.get(key):
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
            if not cursor.fetchone()[0]:
                return False
            cursor.execute("SELECT app, name FROM django_migrations")
            seen[key] = _needed_migrations() <= set(cursor.fetchall())
    return seen[key]


def _redis() -> tuple[float | str, bool]:
    started = time.perf_counter()
    if not caches["default"].answers():  # type: ignore[attr-defined]
        return "unreachable", False
    return round((time.perf_counter() - started) * 1000, 1), True


def _worker() -> tuple[float | str, bool]:
    beat = cache.get(HEARTBEAT_KEY)
    if beat is None:
        return "never", False
    age = round(time.time() - beat, 1)
    return age, age < HEARTBEAT_LATE_SECONDS


def _deliveries_aside() -> int:
    """What providers brought and nobody could read: work for a person, and no trouble of the machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM interactions_delivery WHERE state = 'quarantined'")
        return int(cursor.fetchone()[0])


def _event_age() -> tuple[float | str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_WAITING_EVENT)
        row = cursor.fetchone()
    age = round(float(row[0] or 0), 1) if row else 0.0
    return age, age < EVENTS_LATE_SECONDS
