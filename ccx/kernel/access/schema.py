"""What OpenAPI says of every address alike: how to sign in, how refusals look, which headers come along."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from ccx.kernel.paging import CURSOR, DEFAULT_SIZE, MAX_SIZE, SIZE

PAGE_PARAMETERS = [
    OpenApiParameter(
        SIZE,
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
        description="Rows a page.",
    ),
    OpenApiParameter(CURSOR, OpenApiTypes.STR, description="From the `next` link of the page before."),
]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="Any text of yours, best a UUID. The same key and body again give the stored answer for 48 hours.",
)
PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "urn:ccx:problem:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "For machines; never changes."},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into the body, or /<parameter>."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
REFUSALS = {
    "400": "The request is not valid.",
    "401": "A valid API key is needed.",
    "403": "The key has no scope for this.",
    "406": "Only application/json is spoken.",
    "429": "Too many requests; see Retry-After.",
    "503": "The database is away for a moment; see Retry-After.",
}
REFUSALS_OF_ONE = {"404": "It does not exist, or this key may not see it."}
REFUSALS_OF_WRITES = {
    "404": "It does not exist, or this key may not see it.",
    "409": "A rule says no, or the first request with this Idempotency-Key is still running.",
    "413": "The body is too large.",
    "415": "Only application/json is understood.",
    "422": "This Idempotency-Key came with another request before.",
}
LIMIT_HEADERS = {
    "RateLimit-Policy": 'The limit that holds: `"name";q=<requests at once>;w=<seconds>`.',
    "RateLimit": 'What is left: `"name";r=<requests>;t=<seconds until whole>`. Absent while nobody counts.',
    "X-RateLimit-Limit": "As q.",
    "X-RateLimit-Remaining": "As r.",
    "X-RateLimit-Reset": "As t.",
}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells drf-spectacular how a key is shown."""

    target_class = "ccx.kernel.access.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ccx_<prefix>_<secret>"}


def add_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: FBT001
    """Post-processing hook: problems and limit headers on every operation."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    headers = {
        name: {"schema": {"type": "string"}, "description": description} for name, description in LIMIT_HEADERS.items()
    }
    for path, operations in result.get("paths", {}).items():
        for method, operation in operations.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            refusals = dict(REFUSALS)
            if method in {"post", "put", "patch", "delete"}:
                refusals |= REFUSALS_OF_WRITES
            elif "{" in path:
                refusals |= REFUSALS_OF_ONE
            for status, description in refusals.items():
                operation["responses"].setdefault(
                    status,
                    {
                        "description": description,
                        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                    },
                )
            for response in operation["responses"].values():
                response.setdefault("headers", {}).update(headers)
    return result
