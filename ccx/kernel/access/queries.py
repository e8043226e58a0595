"""Reading the query of a GET: known names only, each once, typed by a serializer."""

from typing import Any, cast

from rest_framework import serializers
from rest_framework.request import Request

from ccx.kernel.access.errors import InvalidInputError
from ccx.kernel.access.shapes import wrong
from ccx.kernel.paging import CURSOR, SIZE
from ccx.kernel.people.models import User


def query_of(
    request: Request, shape: type[serializers.Serializer[Any]] | None = None, *, is_paged: bool = True
) -> dict[str, Any]:
    """The query as the serializer reads it. An unknown name, or one given twice, is refused rather than ignored."""
    reader = shape(data=request.query_params.dict()) if shape else None
    known = set(reader.fields) if reader else set()
    known |= {SIZE, CURSOR} if is_paged else set()
    problems = []
    for name, values in request.query_params.lists():
        if name not in known:
            problems.append(wrong(f"/{name[:80]}", "unknown_parameter", "This parameter is not known."))
        elif len(values) > 1:
            problems.append(wrong(f"/{name}", "given_twice", "Give it once."))
        elif "\x00" in values[0]:
            problems.append(wrong(f"/{name}", "not_text", "A NUL is no text."))
    if problems:
        raise InvalidInputError(errors=problems[:50])
    if reader is None:
        return {}
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


def user_of(request: Request) -> User:
    """Who asks; behind HasScope nobody is anonymous."""
    return cast(User, request.user)
