"""What the system behind an API line says of single messages: what became of ours, which files came with theirs."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ccx.kernel.access.callers import Caller
from ccx.kernel.access.choices import Scope
from ccx.kernel.access.endpoint import ApiView
from ccx.kernel.access.errors import InvalidInputError, NotFoundError
from ccx.kernel.access.problems import to_json
from ccx.kernel.access.schema import IDEMPOTENCY_KEY
from ccx.kernel.access.services import StoredAnswer
from ccx.kernel.access.shapes import wrong
from ccx.kernel.egress import AddressIsRefusedError, vet
from interactions.channels.contract import RemoteFile, Report
from interactions.doors.files import owe_files
from interactions.doors.rest.selectors import said_on_api_line, sent_on_api_line
from interactions.doors.rest.serializers import FilesIn, FilesOut, ReportIn, ReportOut
from interactions.doors.rest.shapes import FILE, MAX_FILES, REPORT
from interactions.handling.reports import hear_report

PUBLIC_ID = OpenApiParameter("public_id", OpenApiTypes.UUID, OpenApiParameter.PATH)


class ReportView(ApiView):
    """What became of a message that was handed to the system behind an API line."""

    required_scopes = {"POST": (Scope.CONTACTS_WRITE,)}

    @extend_schema(
        operation_id="report_message",
        tags=["contacts"],
        parameters=[PUBLIC_ID, IDEMPOTENCY_KEY],
        request=ReportIn,
        responses={200: ReportOut},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Say that a message of ours was delivered, read, or failed and why. Told twice it is told once."""
        raise InvalidInputError

    def receive(self, caller: Caller, data: Any, **kwargs: Any) -> StoredAnswer:
        """Move the message on its way."""
        values, problems = REPORT.read(data)
        if problems:
            raise InvalidInputError(errors=problems)
        sending = sent_on_api_line(public_id=kwargs["public_id"], user=caller.user)
        if sending is None:
            raise NotFoundError
        report = Report(provider_id=sending.provider_id, reference=str(kwargs["public_id"]), **values)
        is_new = hear_report(inbox=sending.inbox, report=report)
        sending.refresh_from_db(fields=["state"])
        body = {"message": kwargs["public_id"], "state": sending.state, "is_new": is_new}
        return StoredAnswer(status=200, body=to_json(body))


class FilesView(ApiView):
    """Files that came with a customer's message."""

    required_scopes = {"POST": (Scope.CONTACTS_WRITE,)}

    @extend_schema(
        operation_id="send_files",
        tags=["contacts"],
        parameters=[PUBLIC_ID, IDEMPOTENCY_KEY],
        request=FilesIn,
        responses={202: FilesOut},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Name files of a customer's message by public addresses; they are fetched within seconds."""
        raise InvalidInputError

    def receive(self, caller: Caller, data: Any, **kwargs: Any) -> StoredAnswer:
        """Note what is to be fetched."""
        files = _files(data)
        message = said_on_api_line(public_id=kwargs["public_id"], user=caller.user)
        if message is None:
            raise NotFoundError
        owe_files(files, message_id=message.pk)
        return StoredAnswer(status=202, body=to_json({"message": message.public_id, "owed": len(files)}))


def _files(data: Any) -> list[RemoteFile]:
    if not isinstance(data, dict) or set(data) != {"files"} or not isinstance(data["files"], list):
        raise InvalidInputError(errors=[wrong("/files", "not_a_list", 'Expected: {"files": [...]}.')])
    if not 1 <= len(data["files"]) <= MAX_FILES:
        raise InvalidInputError(errors=[wrong("/files", "wrong_length", f"From 1 to {MAX_FILES} files.")])
    found, all_problems = [], []
    for index, item in enumerate(data["files"]):
        values, problems = FILE.read(item, f"/files/{index}")
        if not problems:
            try:
                vet(values["url"])
            except AddressIsRefusedError as error:
                problems = [wrong(f"/files/{index}/url", "not_a_public_address", f"It cannot be called: {error}.")]
        all_problems += problems
        if not problems:
            reference = {"url": values.pop("url"), "name": values["name"]}
            found.append(RemoteFile(reference=reference, **values))
    if all_problems:
        raise InvalidInputError(errors=all_problems)
    return found
