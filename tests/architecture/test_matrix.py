"""Every address times every role: what is expected stands in url_matrix.py."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client, override_settings

from tests.architecture.cast import Cast, make_cast
from tests.architecture.url_matrix import MATRIX, PREFIXES, ROLES, Row
from tests.architecture.urls import all_routes, fill, names_in
from tests.factories.sandboxes import sandbox

NOWHERE = {"object_id": "0", "app_label": "interactions", "content_type_id": "0", "url": "none"}
# What a GET may write: that somebody looked, the session that is slid forward, and locks.
MAY_GROW = {"kernel_auditentry", "django_session"}


@pytest.fixture(scope="module")
def everybody(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cast]:
    """Made and signed in once for all addresses."""
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("files")), django_db_blocker.unblock(), sandbox():
        yield make_cast()


@pytest.fixture
def cast(everybody: Cast, db: None) -> Cast:
    """Whatever a test does to the rows and the sessions, the next one finds them as they were made."""
    return Cast(clients=deepcopy(everybody.clients), objects=everybody.objects)


def _prefix_of(route: str) -> str | None:
    return next((prefix for prefix in PREFIXES if route.startswith(prefix)), None)


def _address(route: str, wanted: Row, cast: Cast) -> str:
    ids = dict(wanted.ids)
    if wanted.of:
        ids = {"public_id": str(cast.objects[wanted.of].public_id)} | ids
    return fill(route, ids)


def _ask(client: Client, method: str, address: str, data: dict[str, str]) -> int:
    return int(getattr(client, method)(address, data).status_code)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    routes = set(all_routes())
    without_row = sorted(route for route in routes if route not in MATRIX and _prefix_of(route) is None)
    without_address = sorted(set(MATRIX) - routes)
    assert (without_row, without_address) == ([], [])


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_everybody_gets_what_the_matrix_says(cast: Cast, route: str) -> None:
    wanted, got = {}, {}
    for number, row in enumerate(MATRIX[route]):
        address = _address(route, row, cast)
        # Whoever may do it comes last, so that those who may not have tried on an untouched row.
        for role in sorted(ROLES, key=lambda role: (role == "administrator", ROLES.index(role))):
            wanted[number, row.method, role] = row.statuses[role]
            got[number, row.method, role] = _ask(cast.clients[role], row.method, address, dict(row.data))
    assert got == wanted


def test_everybody_gets_what_the_rule_of_the_library_says(cast: Cast) -> None:
    wrong = {}
    for route in all_routes():
        prefix = _prefix_of(route)
        if route in MATRIX or prefix is None:
            continue
        row = PREFIXES[prefix]
        let_in = {200, 302, 404, 405} if names_in(route) else {200, 302, 403, 405}
        for role in ROLES:
            status = _ask(cast.clients[role], row.method, fill(route, NOWHERE), {})
            expected = let_in if row.statuses[role] == 200 else {row.statuses[role]}
            if status not in expected:
                wrong[route, role] = status
    assert wrong == {}


def test_reading_changes_nothing(cast: Cast) -> None:
    before = _counts()
    for route in all_routes():
        for row in MATRIX.get(route, []):
            if row.method == "get":
                cast.clients["administrator"].get(_address(route, row, cast))
        if route not in MATRIX and not names_in(route):
            cast.clients["administrator"].get(f"/{route}")
    assert _counts() == before


def _counts() -> dict[str, int]:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        counts = {}
        for table in sorted(tables - MAY_GROW):
            if not table.startswith("axes_"):
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                counts[table] = cursor.fetchone()[0]
    return counts
