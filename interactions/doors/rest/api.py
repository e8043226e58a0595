"""Contacts and messages told by other systems."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.callers import Caller
from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.errors import InvalidInputError, MissingScopeError, NotFoundError
from ccx.kernel.access.problems import problem_of_error, to_json
from ccx.kernel.access.schema import IDEMPOTENCY_KEY, PAGE_PARAMETERS
from ccx.kernel.access.services import StoredAnswer
from ccx.kernel.access.shapes import wrong
from ccx.kernel.errors import DomainError
from ccx.kernel.paging import page_schema
from interactions.cases.api import messages_page
from interactions.cases.models import Interaction
from interactions.cases.serializers import MessageSerializer
from interactions.channels.contact import InboundContact, Receipt
from interactions.doors.rest.answering import told
from interactions.doors.rest.reading import ReadContact, read_contacts
from interactions.doors.rest.serializers import BulkIn, BulkOut, ContactIn, MessageIn, ReceiptOut, SaidOut
from interactions.doors.rest.shapes import MAX_BULK, MESSAGE
from interactions.handling.services import Saying, add_message
from interactions.intake.services import receive, receive_many

Outcome = Receipt | DomainError


class ContactsView(ApiView):
    """Contacts, one at a time."""

    required_scopes = {"POST": (Scope.CONTACTS_WRITE,)}

    @extend_schema(
        operation_id="send_contact",
        tags=["contacts"],
        parameters=[IDEMPOTENCY_KEY],
        request=ContactIn,
        responses={
            201: OpenApiResponse(ReceiptOut, description="Taken in."),
            200: OpenApiResponse(ReceiptOut, description="Known already."),
        },
    )
    def post(self, request: Request) -> Response:
        """Tell one contact. It is recognised, threaded and put into its case in one transaction."""
        raise InvalidInputError

    def receive(self, caller: Caller, data: Any, **kwargs: Any) -> StoredAnswer:
        """Take one contact in."""
        item = read_contacts([data], caller=caller, pointers=[""])[0]
        if item.contact is None:
            if all(problem["code"] == "missing_scope" for problem in item.problems):
                raise MissingScopeError(item.problems[0]["detail"], errors=item.problems)
            raise InvalidInputError(errors=item.problems)
        receipt = receive(contact=item.contact, by_id=caller.user.pk)
        return StoredAnswer(status=201 if receipt.is_new else 200, body=to_json(told(receipt)))


class BulkContactsView(ApiView):
    """Contacts by the hundred."""

    required_scopes = {"POST": (Scope.CONTACTS_WRITE,)}
    max_body = 8 * 1024 * 1024

    @extend_schema(
        operation_id="send_contacts",
        tags=["contacts"],
        parameters=[IDEMPOTENCY_KEY],
        request=BulkIn,
        responses={
            207: OpenApiResponse(BulkOut, description="Each contact has a status of its own; good ones are taken in.")
        },
    )
    def post(self, request: Request) -> Response:
        """Tell up to 100 contacts at once."""
        raise InvalidInputError

    def receive(self, caller: Caller, data: Any, **kwargs: Any) -> StoredAnswer:
        """Take in the good ones and tell what became of each."""
        items = _bulk_items(data)
        read = read_contacts(items, caller=caller, pointers=[f"/contacts/{index}" for index in range(len(items))])
        good = [(index, item.contact) for index, item in enumerate(read) if item.contact is not None]
        outcomes = dict(
            zip((index for index, _ in good), _take_in([contact for _, contact in good], caller), strict=True)
        )
        results = [_result(index, item, outcomes.get(index)) for index, item in enumerate(read)]
        accepted = sum(isinstance(outcome, Receipt) for outcome in outcomes.values())
        body = {"accepted": accepted, "refused": len(read) - accepted, "results": results}
        return StoredAnswer(status=207, body=to_json(body), keep=accepted > 0)


def _bulk_items(data: Any) -> list[Any]:
    if not isinstance(data, dict) or set(data) != {"contacts"} or not isinstance(data["contacts"], list):
        raise InvalidInputError(errors=[wrong("/contacts", "not_a_list", 'Expected: {"contacts": [...]}.')])
    items: list[Any] = data["contacts"]
    if not 1 <= len(items) <= MAX_BULK:
        raise InvalidInputError(errors=[wrong("/contacts", "wrong_length", f"From 1 to {MAX_BULK} contacts.")])
    return items


def _take_in(contacts: list[InboundContact], caller: Caller) -> list[Outcome]:
    """All at once; if a rule refuses one, one by one, so that the others get in."""
    if not contacts:
        return []
    try:
        return list(receive_many(contacts=contacts, by_id=caller.user.pk, mode="live"))
    except DomainError:
        return [_take_in_one(contact, caller) for contact in contacts]


def _take_in_one(contact: InboundContact, caller: Caller) -> Outcome:
    try:
        return receive(contact=contact, by_id=caller.user.pk)
    except DomainError as error:
        return error


def _result(index: int, item: ReadContact, outcome: Outcome | None) -> dict[str, Any]:
    result: dict[str, Any] = {"index": index, "external_id": item.external_id, "receipt": None, "errors": item.problems}
    if isinstance(outcome, Receipt):
        return result | {"status": 201 if outcome.is_new else 200, "receipt": told(outcome)}
    if isinstance(outcome, DomainError):
        told_error = problem_of_error(outcome)
        errors = [wrong(f"/contacts/{index}", outcome.code, told_error["detail"])]
        return result | {"status": outcome.status, "errors": errors}
    needs_scope = all(problem["code"] == "missing_scope" for problem in item.problems)
    return result | {"status": 403 if needs_scope else 400}


class MessagesView(ApiView):
    """The messages of one interaction."""

    required_scopes = {"GET": (Scope.CONTACTS_READ,), "POST": (Scope.CONTACTS_WRITE,)}

    @extend_schema(
        operation_id="list_messages",
        tags=["contacts"],
        parameters=[OpenApiParameter("public_id", OpenApiTypes.UUID, OpenApiParameter.PATH), *PAGE_PARAMETERS],
        responses=page_schema(MessageSerializer),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """What was said, oldest first."""
        return messages_page(request, public_id)

    @extend_schema(
        operation_id="send_message",
        tags=["contacts"],
        parameters=[OpenApiParameter("public_id", OpenApiTypes.UUID, OpenApiParameter.PATH), IDEMPOTENCY_KEY],
        request=MessageIn,
        responses={
            201: OpenApiResponse(SaidOut, description="Added."),
            200: OpenApiResponse(SaidOut, description="Known already."),
        },
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say more in an interaction that is running; a closed one answers 409."""
        raise InvalidInputError

    def receive(self, caller: Caller, data: Any, **kwargs: Any) -> StoredAnswer:
        """Add one message."""
        values, problems = MESSAGE.read(data)
        if problems:
            raise InvalidInputError(errors=problems)
        found = Interaction.objects.visible_to(caller.user).filter(public_id=kwargs["public_id"]).first()
        if found is None:
            raise NotFoundError
        said = add_message(interaction_id=found.pk, saying=Saying(**values), by=caller.user)
        body = {"message": said.message.public_id, "interaction": found.public_id, "is_new": said.is_new}
        return StoredAnswer(status=201 if said.is_new else 200, body=to_json(body))
