"""The page of mail: whether each line's mail comes in, and what could not be read."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.look import figures
from ccx.kernel.look.parts import Cell, Column, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.doors.mail.selectors import Line, mail_lines, unreadable_mails
from interactions.doors.mail.services import put_away, read_again
from interactions.doors.models import UnreadableMail

MOST_SHOWN = 200


@needs(Ability.OPERATE)
@require_safe
def mail(request: StaffRequest) -> HttpResponse:
    """Every line, and the mail that waits for a person."""
    waiting = list(unreadable_mails(request.user)[: MOST_SHOWN + 1])
    context = {
        "table": _table(mail_lines(request.user)),
        "unreadable": waiting[:MOST_SHOWN],
        "are_more": len(waiting) > MOST_SHOWN,
        "most_shown": MOST_SHOWN,
    }
    return render(request, "interactions/doors/mail.html", context)


@needs(Ability.OPERATE)
@require_safe
def original(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """The mail as it came, to be saved."""
    found = _found(request, public_id)
    record_read(request=request, action=AuditEntry.Action.READ, object_kind="unreadable_mail", object_id=found.pk)
    response = HttpResponse(bytes(found.raw), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{found.public_id}.eml"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@needs(Ability.OPERATE)
@require_POST
def read_one_again(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Try one once more."""
    if read_again(mail_id=_found(request, public_id).pk, by=request.user):
        messages.success(request, _("The mail was taken in."))
    else:
        messages.error(request, _("It still cannot be read."))
    return redirect("interactions:mail")


@needs(Ability.OPERATE)
@require_POST
def put_one_away(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Leave one be."""
    put_away(mail_id=_found(request, public_id).pk, by=request.user)
    messages.success(request, _("The mail was put away."))
    return redirect("interactions:mail")


def _found(request: StaffRequest, public_id: UUID) -> UnreadableMail:
    found = UnreadableMail.objects.visible_to(request.user).filter(public_id=public_id, settled_at=None).first()
    if found is None:
        raise Http404
    return found


def _table(lines: list[Line]) -> Table:
    return Table(
        caption=_("Lines"),
        columns=[
            Column(label=_("Line")),
            Column(label=_("State")),
            Column(label=_("Last fetched")),
            Column(label=_("Could not be read"), is_numeric=True),
            Column(label=_("Last error"), is_wide=True),
        ],
        rows=[
            Row(
                key=str(line.inbox.public_id),
                cells=[
                    Cell(text=line.inbox.name, detail=line.inbox.address),
                    _state(line),
                    Cell(text=_fetched(line)),
                    Cell(text=str(line.unreadable), value=line.unreadable),
                    Cell(text=line.mailbox.error if line.mailbox else ""),
                ],
            )
            for line in lines
        ],
        empty=_("There is no e-mail line yet."),
    )


def _state(line: Line) -> Cell:
    if not line.is_fetched:
        return Cell(text=_("Handed in"), detail=_("by a mail server of yours; none is set up to fetch from"))
    if line.mailbox is None or (line.mailbox.checked_at is None and not line.mailbox.error):
        return Cell(text=_("Not fetched yet"), icon="warning", tone="warning")
    if line.mailbox.error:
        return Cell(text=_("Failing"), icon="bad", tone="bad")
    return Cell(text=_("Mail comes in"), icon="good", tone="good")


def _fetched(line: Line) -> str:
    return figures.local_time(line.mailbox.checked_at) if line.mailbox and line.mailbox.checked_at else ""
