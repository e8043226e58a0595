"""The page of readers: how far each has come, what stands aside, what outside effects are in doubt."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from ccx.kernel.errors import DomainError
from ccx.kernel.events.effects import effects_in_doubt, send_again
from ccx.kernel.events.lag import COUNTED, LagReport, ReaderLag, lag_report
from ccx.kernel.events.quarantine import quarantined_events, run_again
from ccx.kernel.look.parts import Cell, Column, Fact, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs

# Above this a reader is not just between two sweeps.
LATE_SECONDS = 15


@needs(Ability.OPERATE)
@require_safe
def readers(request: StaffRequest) -> HttpResponse:
    """Every reader's place, and what waits for a person."""
    report = lag_report()
    context = {
        "facts": _facts(report),
        "table": _table(report),
        "quarantined": quarantined_events(),
        "effects": effects_in_doubt(),
    }
    return render(request, "kernel/events/readers.html", context)


@needs(Ability.OPERATE)
@require_POST
def run_event_again(request: StaffRequest, reader: str, event_id: int) -> HttpResponse:
    """Give a quarantined event to its reader once more."""
    try:
        run_again(reader=reader, event_id=event_id, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The reader took the event."))
    return redirect("operations:readers")


@needs(Ability.OPERATE)
@require_POST
def send_effect_again(request: StaffRequest, effect_id: int) -> HttpResponse:
    """Queue an effect in doubt once more."""
    if send_again(effect_id=effect_id, by=request.user):
        messages.success(request, _("It will be sent within seconds."))
    else:
        messages.info(request, _("It was not in doubt any more."))
    return redirect("operations:readers")


def _facts(report: LagReport) -> list[Fact]:
    unnumbered = f"{COUNTED}+" if report.unnumbered >= COUNTED else str(report.unnumbered)
    return [
        Fact(name=_("Last position"), value=str(report.head)),
        Fact(name=_("Not numbered yet"), value=unnumbered, note=_seconds(report.unnumbered_seconds)),
        Fact(name=_("Oldest event unread"), value=_seconds(report.seconds)),
        Fact(
            name=_("Effects waiting"),
            value=str(report.effects.get("queued", 0) + report.effects.get("sending", 0)),
            note=_seconds(report.effect_seconds),
        ),
    ]


def _table(report: LagReport) -> Table:
    return Table(
        caption=_("Readers"),
        columns=[
            Column(label=_("Reader")),
            Column(label=_("State")),
            Column(label=_("Position"), is_numeric=True),
            Column(label=_("Events behind"), is_numeric=True),
            Column(label=_("Behind for"), is_numeric=True),
            Column(label=_("Failures in a row"), is_numeric=True),
            Column(label=_("Last error"), is_wide=True),
        ],
        rows=[
            Row(
                key=reader.name,
                cells=[
                    Cell(text=reader.name),
                    _state(reader),
                    Cell(text=str(reader.position), value=reader.position),
                    Cell(text=str(reader.events), value=reader.events),
                    Cell(text=_seconds(reader.seconds), value=round(reader.seconds, 1)),
                    Cell(text=str(reader.failures), value=reader.failures),
                    Cell(text=reader.last_error, detail=_retry(reader)),
                ],
            )
            for reader in report.readers
        ],
        empty=_("No reader follows the log."),
    )


def _state(reader: ReaderLag) -> Cell:
    if reader.last_error:
        return Cell(text=_("Failing"), icon="bad", tone="bad")
    if reader.seconds > LATE_SECONDS:
        return Cell(text=_("Behind"), icon="warning", tone="warning")
    if reader.quarantined:
        aside = ngettext("%(count)d event aside", "%(count)d events aside", reader.quarantined)
        return Cell(text=aside % {"count": reader.quarantined}, icon="warning", tone="warning")
    return Cell(text=_("Up to date"), icon="good", tone="good")


def _retry(reader: ReaderLag) -> str:
    if not reader.last_error or reader.retry_at is None:
        return ""
    return _("next try at %(time)s") % {"time": date(timezone.localtime(reader.retry_at), "H:i:s")}


def _seconds(seconds: float) -> str:
    return _("%(seconds).1f s") % {"seconds": seconds}
