"""Refusals of the API that are not about any one noun."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class ApiError(DomainError):
    """The request was refused. `errors` lists what is wrong with which part of the body."""

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400

    def __init__(self, message: str = "", *, errors: list[dict[str, str]] | None = None, **details: object) -> None:
        self.errors = errors or []
        super().__init__(message, **details)


class InvalidInputError(ApiError):
    """The request is not valid"""


class MalformedBodyError(ApiError):
    """The body cannot be read"""

    code = "malformed"


class BodyTooLargeError(ApiError):
    """The body is too large"""

    code = "body_too_large"
    status = 413


class UnsupportedBodyError(ApiError):
    """Only application/json is understood"""

    code = "unsupported_media_type"
    status = 415


class NotSignedInError(ApiError):
    """A valid API key is needed"""

    code = "not_authenticated"
    status = 401


class MissingScopeError(ApiError):
    """The key has no scope for this"""

    code = "missing_scope"
    status = 403


class CrossSiteRequestError(ApiError):
    """The request did not come from a page of ours"""

    code = "csrf_failed"
    status = 403


class MethodNotAllowedError(ApiError):
    """This address does not know the method"""

    code = "method_not_allowed"
    status = 405


class NotFoundError(ApiError):
    """Not found"""

    code = "not_found"
    status = 404


class TooManyRequestsError(ApiError):
    """Too many requests"""

    code = "too_many_requests"
    status = 429


class KeyReusedError(ApiError):
    """This Idempotency-Key came with another request before"""

    code = "idempotency_key_reused"
    status = 422


class KeyInFlightError(ApiError):
    """The first request with this Idempotency-Key is still being worked on"""

    code = "idempotency_key_in_flight"
    status = 409


class KeyRevokedError(DomainError):
    """The key is revoked already"""

    code = "api_key_is_revoked"


class KeyNeedsServiceUserError(DomainError):
    """A key belongs to an active service user, never to a person"""

    code = "api_key_needs_service_user"
