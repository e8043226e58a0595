"""From the JSON of a caller to the contact that intake takes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ccx.kernel.access.callers import Caller
from ccx.kernel.access.choices import Scope
from ccx.kernel.access.shapes import Problem, wrong
from interactions.channels.contact import IdentityClaim, InboundContact
from interactions.customers.choices import Assurance, normalise_identity
from interactions.doors.rest.selectors import Places, places_named
from interactions.doors.rest.shapes import CONTACT

# Clocks of other machines run a little ahead.
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(kw_only=True)
class ReadContact:
    """One item of a request: a contact, or what is wrong with it."""

    external_id: str | None = None
    contact: InboundContact | None = None
    problems: list[Problem] = field(default_factory=list)


def read_contacts(items: list[Any], *, caller: Caller, pointers: list[str]) -> list[ReadContact]:
    """Each item on its own: one that is wrong does not spoil the others."""
    now = timezone.now()
    shaped = [CONTACT.read(item, pointer) for item, pointer in zip(items, pointers, strict=True)]
    places = places_named([values for values, _ in shaped], seen_by=caller.user)
    read = []
    for (values, problems), pointer in zip(shaped, pointers, strict=True):
        if values and not problems:
            problems = _contradictions(values, pointer, places=places, caller=caller, now=now)  # noqa: PLW2901
        external_id = values.get("external_id")
        contact = _contact(values, places=places, caller=caller, now=now) if not problems else None
        read.append(ReadContact(external_id=external_id, contact=contact, problems=problems))
    return read


def _contradictions(
    values: dict[str, Any], pointer: str, *, places: Places, caller: Caller, now: datetime
) -> list[Problem]:
    problems = []
    if values["inbox"] not in places.inboxes:
        problems.append(wrong(f"{pointer}/inbox", "unknown", "There is no such inbox."))
    if values["queue"] is not None and values["queue"] not in places.queues:
        problems.append(wrong(f"{pointer}/queue", "unknown", "There is no such queue."))
    if values["reason"] is not None and values["reason"] not in places.reasons:
        problems.append(wrong(f"{pointer}/reason", "unknown", "There is no such contact reason."))
    if values["occurred_at"] is not None and values["occurred_at"] > now + CLOCKS_DIFFER:
        problems.append(wrong(f"{pointer}/occurred_at", "in_the_future", "It has not happened yet."))
    identity = values["identity"]
    if identity is not None:
        try:
            identity["value"] = normalise_identity(identity["kind"], identity["value"])
        except ValueError:
            problems.append(wrong(f"{pointer}/identity/value", "not_an_address", "It is none of its kind."))
        if identity["assurance"] > Assurance.CLAIMED and Scope.CONTACTS_ATTEST not in caller.scopes:
            detail = f"To attest an identity the key needs the scope {Scope.CONTACTS_ATTEST.value}."
            problems.append(wrong(f"{pointer}/identity/assurance", "missing_scope", detail))
    return problems


def _contact(values: dict[str, Any], *, places: Places, caller: Caller, now: datetime) -> InboundContact:
    inbox_id, channel = places.inboxes[values["inbox"]]
    queue_id, team_id = places.queues[values["queue"]] if values["queue"] is not None else (None, None)
    claim = values["identity"]
    source = f"api:{caller.key.prefix}" if caller.key else "api"
    return InboundContact(
        inbox_id=inbox_id,
        channel=channel,
        external_id=values["external_id"],
        occurred_at=min(values["occurred_at"] or now, now),
        identity=IdentityClaim(source=source, **claim) if claim else None,
        customer_name=values["customer_name"],
        language=values["language"],
        subject=values["subject"],
        body=values["body"],
        thread_token=values["thread_token"],
        queue_id=queue_id,
        team_id=team_id,
        reason_id=places.reasons[values["reason"]] if values["reason"] is not None else None,
        priority=values["priority"],
        payload=values["payload"] or {},
    )
