"""The API as described is the API as it is."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ccx.wsgi import application
from interactions.doors.rest import serializers, shapes
from tests.factories.api import Api, make_api
from tests.factories.contacts import Centre
from tests.factories.people import make_service_user

SNAPSHOT = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@cache
def described() -> str:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return out.getvalue()


def parsed(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def test_the_description_is_the_one_in_docs() -> None:
    """After a change that is meant: manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml."""
    assert described().strip() == SNAPSHOT.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize(
    ("shape", "serializer"),
    [
        (shapes.CONTACT, serializers.ContactIn),
        (shapes.IDENTITY, serializers.IdentityIn),
        (shapes.MESSAGE, serializers.MessageIn),
        (shapes.REPORT, serializers.ReportIn),
        (shapes.FILE, serializers.FileIn),
    ],
)
def test_bodies_are_read_as_they_are_described(shape: Any, serializer: Any) -> None:
    fields = serializer().fields
    assert set(shape.fields) == set(fields)
    assert {name for name, field in shape.fields.items() if field.required} == {
        name for name, field in fields.items() if field.required
    }


def test_every_operation_tells_its_refusals_and_the_limit() -> None:
    for path, operations in parsed(described())["paths"].items():
        for method, operation in operations.items():
            assert {"400", "401", "403", "429", "503"} <= set(operation["responses"]), (path, method)
            for response in operation["responses"].values():
                assert "RateLimit-Policy" in response["headers"]
            assert operation["operationId"].islower()


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/schema/"])
def test_the_description_is_served_and_loads_nothing_from_elsewhere(path: str, db: None) -> None:
    answer = Client().get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    if path != "/api/schema/":
        assert 'src="http' not in page
        assert 'href="http' not in page
        assert "unsafe-inline" not in answer["Content-Security-Policy"].split("script-src")[1].split(";")[0]


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server looks after its connections between requests; here that would end the test's transaction."""
    monkeypatch.setattr(connections["default"], "close_if_unusable_or_obsolete", lambda: None)


def _role(name: str) -> Api:
    if name == "everything":
        return make_api()
    if name == "stranger":
        return make_api(sees_all=False)
    user = make_service_user()
    return Api(user, "config:read")


@pytest.mark.parametrize("role", ["everything", "stranger", "narrow"])
@pytest.mark.usefixtures("one_connection")
def test_whatever_is_sent_no_answer_is_a_server_error_or_a_surprise(role: str, centre: Centre) -> None:
    api = _role(role)
    api.post("/api/v1/contacts", {"inbox": "email", "external_id": "known"})
    raw = parsed(SNAPSHOT.read_text(encoding="utf-8"))
    raw["paths"] = {
        path: operations
        for path, operations in raw["paths"].items()
        if not path.startswith(("/api/v1/figures", "/api/v1/definitions"))
    }
    schema = schemathesis.openapi.from_dict(raw)
    schema.app = application
    tried = 0
    for result in schema.get_all_operations():
        tried += _try(result.ok(), api)
    assert tried > 60


def _try(operation: Any, api: Api) -> int:
    tried = []

    @hypothesis_settings(
        max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        tried.append(1)
        case.call_and_validate(headers=api.headers(), checks=CHECKS)

    run()
    return len(tried)
