"""The page of what came in: whether each line's mail does, and what could not be read."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ccx.kernel.audit.models import AuditEntry
from ccx.kernel.audit.services import record_read
from ccx.kernel.files import file_response
from ccx.kernel.look import figures
from ccx.kernel.look.parts import Cell, Column, Link, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from interactions.channels.registry import adapter_of
from interactions.doors.deliveries.selectors import deliveries_aside, forget_count, late_deliveries
from interactions.doors.deliveries.services import put_away, read_again
from interactions.doors.mail.automatic import make_contact
from interactions.doors.mail.selectors import Line, automatic_mails, first_words, mail_lines
from interactions.doors.models import Delivery
from interactions.intake.models import RawContact

MOST_SHOWN = 200


@needs(Ability.OPERATE)
@require_safe
def deliveries(request: StaffRequest) -> HttpResponse:
    """Every mail line and whatever waits for a person; with ?show=automatic what machines wrote."""
    if request.GET.get("show") == "automatic":
        return _automatic(request)
    aside = list(deliveries_aside(request.user)[: MOST_SHOWN + 1])
    context = {
        "table": _table(mail_lines(request.user)),
        "aside": aside[:MOST_SHOWN],
        "are_more": len(aside) > MOST_SHOWN,
        "most_shown": MOST_SHOWN,
        "late": late_deliveries(request.user),
        "tabs": _tabs(is_automatic=False),
    }
    return render(request, "interactions/doors/deliveries.html", context)


@needs(Ability.OPERATE)
@require_safe
def original(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """What was brought, byte for byte, to be saved."""
    found = _found(request, public_id)
    record_read(request=request, action=AuditEntry.Action.READ, object_kind="delivery", object_id=found.pk)
    return file_response(content=bytes(found.body), name=f"{found.public_id}.{_ending(found)}")


@needs(Ability.OPERATE)
@require_POST
def read_one_again(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Try one once more."""
    is_taken = read_again(delivery_id=_found(request, public_id).pk, by=request.user)
    forget_count()
    if is_taken:
        messages.success(request, _("It was taken in."))
    else:
        messages.error(request, _("It still cannot be read."))
    return redirect("interactions:deliveries")


@needs(Ability.OPERATE)
@require_POST
def put_one_away(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Leave one be."""
    put_away(delivery_id=_found(request, public_id).pk, by=request.user)
    forget_count()
    messages.success(request, _("It was put away."))
    return redirect("interactions:deliveries")


@needs(Ability.OPERATE)
@require_POST
def make_one_a_contact(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """A customer speaks out of an automatic mail: it waits for an agent from now on."""
    found = automatic_mails(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    try:
        make_contact(interaction_id=found.pk, by=request.user)
    except RawContact.DoesNotExist:
        messages.info(request, _("Somebody has just made it a contact."))
    else:
        messages.success(request, _("It is a contact now and waits to be answered."))
    return redirect(f"{reverse('interactions:deliveries')}?show=automatic")


def _automatic(request: StaffRequest) -> HttpResponse:
    """Whoever may operate looks at what customers may have said: it is recorded."""
    rows = list(automatic_mails(request.user)[: MOST_SHOWN + 1])
    mails = rows[:MOST_SHOWN]
    if mails:
        record_read(request=request, action=AuditEntry.Action.SEARCHED, object_kind="automatic_mail")
    words = first_words(mails)
    context = {
        "mails": [(one, words.get(one.pk, "")) for one in mails],
        "are_more": len(rows) > MOST_SHOWN,
        "most_shown": MOST_SHOWN,
        "tabs": _tabs(is_automatic=True),
    }
    return render(request, "interactions/doors/automatic_mail.html", context)


def _tabs(*, is_automatic: bool) -> list[Link]:
    url = reverse("interactions:deliveries")
    return [
        Link(label=_("Lines and deliveries"), url=url, is_current=not is_automatic),
        Link(label=_("Automatic mail"), url=f"{url}?show=automatic", is_current=is_automatic),
    ]


def _found(request: StaffRequest, public_id: UUID) -> Delivery:
    found = deliveries_aside(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _ending(delivery: Delivery) -> str:
    if delivery.kind == Delivery.Kind.MAIL:
        return "eml"
    return "json" if "json" in str(delivery.headers.get("content-type", "")) else "txt"


def _table(lines: list[Line]) -> Table:
    return Table(
        caption=_("Lines of mail"),
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
                    Cell(text=str(line.aside), value=line.aside),
                    Cell(text=line.mailbox.error if line.mailbox else ""),
                ],
            )
            for line in lines
        ],
        empty=_("There is no e-mail line yet."),
    )


def _state(line: Line) -> Cell:
    adapter = adapter_of(line.inbox)
    if not line.is_fetched and adapter is not None and adapter.has_webhook:
        return Cell(text=_("Brought"), detail=_("by %(provider)s") % {"provider": adapter.label})
    if not line.is_fetched:
        return Cell(text=_("Handed in"), detail=_("by a mail server of yours; none is set up to fetch from"))
    if line.mailbox is None or (line.mailbox.checked_at is None and not line.mailbox.error):
        return Cell(text=_("Not fetched yet"), icon="warning", tone="warning")
    if line.mailbox.error:
        return Cell(text=_("Failing"), icon="bad", tone="bad")
    return Cell(text=_("Mail comes in"), icon="good", tone="good")


def _fetched(line: Line) -> str:
    return figures.local_time(line.mailbox.checked_at) if line.mailbox and line.mailbox.checked_at else ""
