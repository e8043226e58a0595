"""Pages by cursor: stable under inserts, opaque, and bound to the question and to whoever asked it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db import models
from django.db.models import Q
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.errors import InvalidInputError
from ccx.kernel.access.shapes import wrong

if TYPE_CHECKING:  # REST framework reads this module while its views are being imported
    from rest_framework.views import APIView

SIZE = "page[size]"
CURSOR = "page[cursor]"
DEFAULT_SIZE = 50
MAX_SIZE = 100
MAX_CURSOR = 1000


class InvalidCursorError(InvalidInputError):
    """The page cursor is not one of ours for this question"""

    code = "invalid_cursor"


class CursorPages(BasePagination):
    """`page[size]` up to 100, `page[cursor]` from the `next` link of the page before.

    A view may name its order in `page_order`, a tuple of field names ("-" for descending) none of which may be null;
    the public id, which is in order of creation, breaks ties: the row number stays inside.
    """

    page_order: tuple[str, ...] = ("public_id",)

    def paginate_queryset(  # type: ignore[override]
        self, queryset: models.QuerySet[Any], request: Request, view: "APIView | None" = None
    ) -> list[Any]:
        """The rows of this page, and what the envelope needs."""
        self.request = request
        order = with_tie_break(getattr(view, "page_order", self.page_order))
        size = size_of(request.query_params)
        rows = queryset.order_by(*order)
        cursor = read_cursor(request)
        if cursor is not None:
            rows = rows.filter(after(order, cursor_values(queryset.model, order, cursor)))
        found = list(rows[: size + 1])
        self.has_more = len(found) > size
        self.page = found[:size]
        self.end = [_plain(_value(self.page[-1], name)) for name in order] if self.page else None
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        """The envelope around the rows."""
        link = next_link(self.request, self.end) if self.has_more and self.end else None
        return Response({"results": data, "has_more": self.has_more, "next": link})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For OpenAPI, where a view uses REST framework's generic classes."""
        return {
            "type": "object",
            "required": ["results", "has_more", "next"],
            "properties": {
                "results": schema,
                "has_more": {"type": "boolean"},
                "next": {"type": ["string", "null"], "format": "uri"},
            },
        }


def with_tie_break(order: tuple[str, ...]) -> tuple[str, ...]:
    """The order, ending in the public id in the direction of its last field."""
    if order[-1].lstrip("-") == "public_id":
        return order
    return (*order, "-public_id" if order[-1].startswith("-") else "public_id")


def size_of(query: Mapping[str, Any]) -> int:
    """How many rows a page is asked to have."""
    told = str(query.get(SIZE, DEFAULT_SIZE))
    if not (told.isascii() and told.isdecimal() and len(told) <= 6 and 1 <= int(told) <= MAX_SIZE):
        raise InvalidInputError(errors=[wrong(f"/{SIZE}", "out_of_range", f"From 1 to {MAX_SIZE}.")])
    return int(told)


def next_link(request: Request, end: list[Any]) -> str:
    """The address of the page that begins after `end`."""
    kept = {name: value for name, value in request.query_params.items() if name != CURSOR}
    cursor = signing.dumps(end, salt=_salt(request))
    return request.build_absolute_uri(f"{request.path}?{urlencode(kept | {CURSOR: cursor})}")


def read_cursor(request: Request) -> list[Any] | None:
    """What the cursor says, None without one. Raises InvalidCursorError for one that is altered or another's."""
    told = request.query_params.get(CURSOR)
    if told is None:
        return None
    if len(told) > MAX_CURSOR:
        raise InvalidCursorError
    try:
        values = signing.loads(told, salt=_salt(request))
    except signing.BadSignature:
        raise InvalidCursorError from None
    if not isinstance(values, list):
        raise InvalidCursorError
    return values


def _salt(request: Request) -> str:
    asked = sorted((name, value) for name, value in request.query_params.items() if name not in {CURSOR, SIZE})
    question = repr((request.path, asked, getattr(request.user, "pk", None)))
    return "page:" + hashlib.sha256(question.encode()).hexdigest()


def cursor_values(model: type[models.Model], order: tuple[str, ...], cursor: list[Any]) -> list[Any]:
    """The cursor's values as the fields of the order hold them."""
    if len(cursor) != len(order):
        raise InvalidCursorError
    fields = [model._meta.get_field(name.lstrip("-")) for name in order]
    return [
        datetime.fromisoformat(value) if isinstance(field, models.DateTimeField) else value
        for field, value in zip(fields, cursor, strict=True)
    ]


def after(order: tuple[str, ...], values: list[Any]) -> Q:
    """Rows that come later than `values` in this order."""
    found = Q()
    equal: dict[str, Any] = {}
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        found |= Q(**equal, **{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal[field] = value
    return found


def _value(row: Any, name: str) -> Any:
    return getattr(row, name.lstrip("-"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


@cache
def page_schema(item: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The envelope of a page of `item`, for OpenAPI."""
    name = item.__name__.removesuffix("Serializer") + "Page"
    members: dict[str, Any] = {
        "__doc__": "",
        "results": item(many=True),
        "has_more": serializers.BooleanField(),
        "next": serializers.URLField(allow_null=True),
    }
    return type(name + "Serializer", (serializers.Serializer,), members)
