"""Tells the audit triggers who is acting, without a round trip of its own and without a trace on the connection.

While somebody acts, every statement that writes is sent with a `set_config('ccx.acting', …, true)` in front of it, in
the same message. The setting ends with the transaction, so a persistent connection cannot carry it to the next request.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, empty

from ccx.kernel.audit.choices import Door
from ccx.kernel.people.address import client_address

_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH", "MERGE")
_LONGEST = max(map(len, _WRITES))
_KEPT_OF_A_REQUEST_ID = 64
# What could end the literal that _tell writes; nothing we put there has any of it.
_DANGEROUS = str.maketrans("", "", "'%\\")


@dataclass(frozen=True, kw_only=True)
class Acting:
    """Who does something, and through which door."""

    door: Door
    by_id: int | None = None
    request_id: str = ""
    address: str | None = None
    api_key_id: int | None = None

    def as_setting(self) -> str:
        """What the trigger reads. Only harmless signs of a request's id survive: it may be the caller's own words."""
        request_id = "".join(sign for sign in self.request_id if sign.isascii() and (sign.isalnum() or sign in "._-"))
        told = {
            "by": self.by_id,
            "door": self.door.value,
            "key": self.api_key_id,
            "request": request_id[:_KEPT_OF_A_REQUEST_ID],
            "address": self.address,
        }
        return json.dumps({name: value for name, value in told.items() if value is not None}).translate(_DANGEROUS)


class _Frame:
    """One `acting` that runs: who it is, and whether the database has heard."""

    def __init__(self, who: Callable[[], Acting]) -> None:
        self.who = who
        self.has_told = False


_frame: ContextVar[_Frame | None] = ContextVar("acting", default=None)


@contextmanager
def acting(
    *,
    door: Door,
    by_id: int | None = None,
    request_id: str = "",
    address: str | None = None,
    api_key_id: int | None = None,
) -> Iterator[None]:
    """What is written inside is audited as done by this actor. The innermost one counts."""
    who = Acting(door=door, by_id=by_id, request_id=request_id, address=address, api_key_id=api_key_id)
    with acting_as(lambda: who):
        yield


@contextmanager
def acting_as(who: Callable[[], Acting]) -> Iterator[None]:
    """Like `acting`, for an actor who is known only by the time of the first write."""
    frame = _Frame(who)
    token = _frame.set(frame)
    try:
        if _tell in connection.execute_wrappers:
            yield
        else:
            with connection.execute_wrapper(_tell):
                yield
    finally:
        _frame.reset(token)
        if frame.has_told and connection.in_atomic_block and not connection.needs_rollback:
            # The transaction goes on without this actor.
            _set("ccx.acting", "")


def current() -> Acting | None:
    """Who acts now, if anybody said so."""
    frame = _frame.get()
    return frame.who() if frame else None


def tell_database() -> None:
    """Say who acts for the rest of this transaction; for COPY, which no wrapper sees. One round trip."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("tell_database() lasts for a transaction and needs one.")
    frame = _frame.get()
    if frame:
        frame.has_told = True
        _set("ccx.acting", frame.who().as_setting())


@contextmanager
def creating_in_bulk() -> Iterator[None]:
    """Customers and identities created inside leave no audit entry each; the import that makes them is the entry.

    Needs a transaction. Changes and deletions are audited all the same.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("creating_in_bulk() lasts for a transaction and needs one.")
    _set("ccx.bulk", "on")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            _set("ccx.bulk", "")


def acting_of(request: HttpRequest) -> Acting:
    """The actor of a request as far as it has been asked for: nobody's authority was used before that."""
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject) and user.__dict__["_wrapped"] is empty:
        user = None
    return Acting(
        door=door_of(request),
        by_id=getattr(user, "pk", None),
        request_id=str(request.META.get("HTTP_X_REQUEST_ID", "")),
        address=client_address(request),
        api_key_id=getattr(getattr(request.META.get("ccx.caller"), "key", None), "pk", None),
    )


def door_of(request: HttpRequest) -> Door:
    """Which door a request came through, by its address."""
    if request.path.startswith("/api/"):
        return Door.API
    if request.path.startswith("/admin/"):
        return Door.ADMIN
    return Door.PAGE


def _set(name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def _tell(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001
    frame = _frame.get()
    if frame and isinstance(sql, str) and sql.lstrip()[:_LONGEST].upper().startswith(_WRITES):
        frame.has_told = True
        # The setting holds no quote and no percent sign (see as_setting), so it needs no parameter.
        sql = f"SELECT set_config('ccx.acting', '{frame.who().as_setting()}', true); {sql}"
    return execute(sql, params, many, context)
