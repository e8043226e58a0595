"""Calls of the API for tests."""

import json
from typing import Any

from django.test import Client

from ccx.kernel.access.choices import Scope
from ccx.kernel.models import User
from tests.factories.people import make_grant, make_key, make_service_user

ALL_SCOPES = [scope.value for scope in Scope]


class Api:
    """A machine with a key. Server errors come as answers, as they would over the wire."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.user = user
        self.key, self.token = make_key(user, *(scopes or ALL_SCOPES))
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(path, query, headers=self.headers())

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """`body` goes as JSON; bytes go as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, raw, content_type="application/json", headers=self.headers(**headers))

    def headers(self, **more: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.token}"} | named


def make_api(*scopes: str, sees_all: bool = True) -> Api:
    """A machine with a service user of its own; with a grant on everything unless told otherwise."""
    user = make_service_user()
    if sees_all:
        make_grant(user)
    return Api(user, *scopes)
