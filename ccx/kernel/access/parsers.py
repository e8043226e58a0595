"""Strict JSON for REST framework."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from ccx.kernel.access.errors import BodyTooLargeError
from ccx.kernel.access.strict_json import read_json

MAX_BODY = 1024 * 1024


class StrictJSONParser(BaseParser):
    """Refuses what is hostile or ambiguous; see strict_json."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body's value. Raises MalformedBodyError (400) or BodyTooLargeError (413)."""
        raw = stream.read(MAX_BODY + 1)
        if len(raw) > MAX_BODY:
            raise BodyTooLargeError
        return read_json(raw)
