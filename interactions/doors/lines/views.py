"""Where administrators set lines up, try them and switch them off."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ccx.kernel.errors import DomainError
from ccx.kernel.events.effects import RefusedEffectError, TemporaryEffectError
from ccx.kernel.look import figures
from ccx.kernel.look.parts import Cell, Column, Confirm, Link, Row, Table
from ccx.kernel.people.choices import Ability
from ccx.kernel.people.http import StaffRequest, needs
from ccx.kernel.secrets import SecretIsUnreadableError
from interactions.channels.choices import Channel
from interactions.channels.contract import Adapter, CannotAskError
from interactions.channels.models import Inbox
from interactions.channels.registry import adapter_of, webhook_url
from interactions.channels.services import (
    credentials_of,
    forget_consent,
    remove_line,
    resume_line,
    save_line,
    switch_line,
)
from interactions.doors.lines.forms import LineForm
from interactions.doors.lines.selectors import (
    LineShown,
    adapter_named,
    choices_of_lines,
    consent_shown,
    lines_shown,
    with_standing,
)
from interactions.doors.lines.services import (
    begin_consent,
    claim_consent,
    consent_redirect,
    finish_consent,
    refresh_templates,
    try_line,
)
from interactions.doors.mail.tasks import end_pause
from interactions.doors.models import WebForm

PAGE_SIZE = 50
# What follows a save by itself, once the line's page is there ("Save and send a test", "Save and connect").
NEXT = {"try": "line_to_try", "connect": "line_to_connect"}
MOST_TEMPLATES = 200


@require_safe
@needs(Ability.CONFIGURE)
def lines(request: StaffRequest) -> HttpResponse:
    """Every line: its channel, its address, its queue, and how it stands."""
    words = request.GET.get("q", "").replace("\0", "").strip()
    rows = lines_shown(request.user, words=words)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    keep = f"&q={quote(words)}" if words else ""
    table = Table(
        caption=_("Lines"),
        columns=[
            Column(label=_("Line"), is_wide=True),
            # What a phone shows without a swipe; the channel is an icon as well.
            Column(label=_("State")),
            Column(label=_("Channel")),
            Column(label=_("Queue")),
            Column(label=_("Last contact")),
        ],
        rows=[_row(shown) for shown in with_standing(list(page.object_list))],
        empty=_("No line matches."),
        previous_url=f"?page={page.previous_page_number()}{keep}" if page.has_previous() else "",
        next_url=f"?page={page.next_page_number()}{keep}" if page.has_next() else "",
    )
    context = {
        "table": table,
        "words": words,
        "is_empty": not words and page.paginator.count == 0,
        "are_many": bool(words) or page.paginator.num_pages > 1,
        "actions": [
            Link(label=_("Web forms"), url=reverse("interactions:forms"), icon="web_form"),
            Link(label=_("Add a line"), url=reverse("interactions:line-choose"), icon="add", is_primary=True),
        ],
    }
    return render(request, "interactions/doors/lines.html", context)


def _row(shown: LineShown) -> Row:
    inbox, standing = shown.inbox, shown.standing
    channel = Channel(inbox.channel)
    return Row(
        key=str(inbox.public_id),
        url=reverse("interactions:line", args=[inbox.public_id]),
        cells=[
            Cell(text=inbox.name, detail=inbox.address, icon=channel.slug),
            Cell(
                text=standing.word,
                icon=standing.tone,
                tone=standing.tone,
                detail=_("since %(when)s") % {"when": figures.local_time(standing.since)} if standing.since else "",
            ),
            Cell(text=str(channel.label)),
            Cell(text=inbox.default_queue.name if inbox.default_queue else figures.MISSING),
            Cell(text=figures.local_time(shown.heard_at) if shown.heard_at else _("never")),
        ],
    )


@require_safe
@needs(Ability.CONFIGURE)
def line_choose(request: StaffRequest) -> HttpResponse:
    """Over which channel, and through whom."""
    back = Link(label=_("Lines"), url=reverse("interactions:lines"))
    context = {"channels": choices_of_lines(), "back": back}
    return render(request, "interactions/doors/line_choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.CONFIGURE)
def line_add(request: StaffRequest, kind: str) -> HttpResponse:
    """A new line of this kind."""
    adapter = adapter_named(kind)
    if adapter is None:
        raise Http404
    return _edit(request, channel=adapter.channel, adapter=adapter, inbox=None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Ability.CONFIGURE)
def line(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """One line: what it was told, how it stands, and what to do at its provider."""
    found = _line(request, public_id)
    web_form = WebForm.objects.visible_to(request.user).filter(inbox=found, inbox__channel=Channel.WEB_FORM).first()
    if web_form is not None:
        return redirect("interactions:form", web_form.public_id)
    return _edit(request, channel=Channel(found.channel), adapter=adapter_of(found), inbox=found)


@require_POST
@needs(Ability.CONFIGURE)
def line_try(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Try the line as it is saved; each step and how it went, as a piece of its page."""
    found = _line(request, public_id)
    adapter = adapter_of(found)
    if adapter is None:
        raise Http404
    checks = try_line(inbox=found, adapter=adapter, by=request.user)
    is_well = bool(checks) and all(check.is_well for check in checks)
    is_warned = is_well and any(check.is_warning for check in checks)
    context = {"line": found, "checks": checks, "is_well": is_well, "is_warned": is_warned}
    return render(request, "interactions/doors/_line_try.html", context)


@require_POST
@needs(Ability.CONFIGURE)
def line_templates(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Ask the provider for the messages it has approved, and show them."""
    found = _line(request, public_id)
    adapter = adapter_of(found)
    if adapter is None or not _has_templates(adapter):
        raise Http404
    trouble = ""
    try:
        refresh_templates(inbox=found, adapter=adapter, by=request.user)
    except (TemporaryEffectError, RefusedEffectError, CannotAskError, SecretIsUnreadableError) as error:
        trouble = _("They were not told: %(why)s") % {"why": str(error) or type(error).__name__}
    found.refresh_from_db()
    context = {"line": found, "templates": _templates(found), "trouble": trouble, "was_asked": True}
    return render(request, "interactions/doors/_line_templates.html", context)


@require_POST
@needs(Ability.CONFIGURE)
def line_switch(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Switch a line off, or on again."""
    found = switch_line(
        inbox_id=_line(request, public_id).pk, is_active=request.POST.get("active") == "1", by=request.user
    )
    messages.success(request, _("The line is open.") if found.is_active else _("The line is switched off."))
    return redirect("interactions:line", found.public_id)


@require_POST
@needs(Ability.CONFIGURE)
def line_resume(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Call a receiver again that had been given up."""
    found = resume_line(inbox_id=_line(request, public_id).pk, by=request.user)
    messages.success(request, _("It is called again. What waited goes out, the first message alone."))
    return redirect("interactions:line", found.public_id)


@require_POST
@needs(Ability.CONFIGURE)
def line_remove(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Take away a line that was never used."""
    found = _line(request, public_id)
    try:
        remove_line(inbox_id=found.pk, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("interactions:line", found.public_id)
    messages.success(request, _("%(name)s is removed.") % {"name": found.name})
    return redirect("interactions:lines")


@require_POST
@needs(Ability.CONFIGURE)
def line_connect(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Off to the provider, whose page asks for consent. A form may lead to no other site, so the script goes there."""
    found = _line(request, public_id)
    back = reverse("interactions:line", args=[found.public_id])
    try:
        address = begin_consent(inbox=found, browser=_browser(request), by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        address = back
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


@never_cache
@require_safe
@needs(Ability.CONFIGURE)
def line_connected(request: StaffRequest) -> HttpResponse:
    """Back from the provider, with a code or without; from here on to the line's page, whatever the address says."""
    state = request.GET.get("state", "")
    begun = claim_consent(state=state, browser=_browser(request), by=request.user) if state else None
    if begun is None:
        told = _("This consent was not asked for here within the last ten minutes. Open the line and connect again.")
        messages.error(request, told)
        return redirect("interactions:lines")
    found = get_object_or_404(Inbox.objects.visible_to(request.user), pk=begun.inbox_id)
    try:
        account = finish_consent(begun=begun, told=request.GET.dict(), by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        end_pause(found.pk)
        messages.success(request, _("Connected as %(who)s.") % {"who": account} if account else _("Connected."))
    return redirect("interactions:line", found.public_id)


@require_POST
@needs(Ability.CONFIGURE)
def line_disconnect(request: StaffRequest, public_id: UUID) -> HttpResponse:
    """Forget what a consent gave."""
    found = forget_consent(inbox_id=_line(request, public_id).pk, by=request.user)
    messages.success(request, _("Disconnected. The consent itself is taken back at the provider."))
    return redirect("interactions:line", found.public_id)


def _browser(request: StaffRequest) -> str:
    return request.session.session_key or ""


def _edit(request: StaffRequest, *, channel: Channel, adapter: Adapter | None, inbox: Inbox | None) -> HttpResponse:
    kept, is_readable = _kept(inbox)
    data = request.POST if request.method == "POST" else None
    form = LineForm(data, channel=channel, adapter=adapter, inbox=inbox, kept=kept, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        values = form.values()
        if inbox is None and adapter is not None:
            values |= {"channel": channel, "provider": adapter.provider}
        try:
            saved = save_line(
                inbox_id=inbox.pk if inbox else None, values=values, credentials=form.credentials(), by=request.user
            )
        except DomainError as error:
            field = str(error.details.get("field", ""))
            form.add_error(field if field in form.fields else None, str(error))
        else:
            return _saved(request, saved)
    context = {
        "form": form,
        "line": inbox,
        "title": inbox.name if inbox else _("Add a line"),
        "subtitle": str(adapter.label) if adapter is not None else str(channel.label),
        "icon": channel.slug,
        "back": Link(label=_("Lines"), url=reverse("interactions:lines"))
        if inbox
        else Link(label=_("Choose another channel"), url=reverse("interactions:line-choose")),
        "adapter": adapter,
        "is_readable": is_readable,
        "redirect_address": consent_redirect(),
        "base": settings.BASE_URL.rstrip("/"),
        "is_public": settings.BASE_URL.startswith("https://"),
    }
    if inbox is not None:
        context |= _beside(request, inbox, adapter) | {"consent": consent_shown(inbox, kept)}
    return render(request, "interactions/doors/line.html", context, status=422 if form.errors else 200)


def _saved(request: StaffRequest, saved: Inbox) -> HttpResponse:
    if (then := request.POST.get("then")) in NEXT:
        request.session[NEXT[then]] = str(saved.public_id)
    messages.success(request, _("Saved."))
    return redirect("interactions:line", saved.public_id)


def _beside(request: StaffRequest, inbox: Inbox, adapter: Adapter | None) -> dict[str, Any]:
    """What stands beside the form of a line that is there."""
    base = settings.BASE_URL.rstrip("/")
    tag = f'<script src="{base}/chat/widget.js" data-inbox="{inbox.public_id}" async></script>'
    [shown] = with_standing([inbox])
    return {
        "shown": shown,
        "is_tried": _comes_next(request, inbox, "try") and adapter is not None,
        "is_connected": _comes_next(request, inbox, "connect"),
        "webhook": f"{webhook_url(inbox)}{adapter.webhook_path}" if adapter is not None and adapter.has_webhook else "",
        "tag": tag if inbox.channel == Channel.CHAT else "",
        "has_templates": adapter is not None and _has_templates(adapter),
        "templates": _templates(inbox),
        "removing": Confirm(
            key="remove",
            action=reverse("interactions:line-remove", args=[inbox.public_id]),
            question=_("Remove this line?"),
            consequence=_("It goes with what it was told. A line over which a contact came stays in any case."),
            verb=_("Remove the line"),
            is_dangerous=True,
        ),
    }


def _comes_next(request: StaffRequest, inbox: Inbox, what: str) -> bool:
    """Whether this was asked for with the save of this line; once."""
    is_next = request.session.get(NEXT[what]) == str(inbox.public_id)
    if is_next:
        del request.session[NEXT[what]]
    return is_next


def _kept(inbox: Inbox | None) -> tuple[set[str], bool]:
    """The names of the secrets that are kept, and whether they can be read at all."""
    if inbox is None:
        return set(), True
    try:
        return set(credentials_of(inbox)), True
    except SecretIsUnreadableError:
        return set(), False


def _has_templates(adapter: Adapter) -> bool:
    return type(adapter).ask_templates is not Adapter.ask_templates


def _templates(inbox: Inbox) -> list[dict[str, Any]]:
    kept = inbox.settings.get("templates")
    return [one for one in kept if isinstance(one, dict)][:MOST_TEMPLATES] if isinstance(kept, list) else []


def _line(request: StaffRequest, public_id: UUID) -> Inbox:
    return get_object_or_404(Inbox.objects.visible_to(request.user).select_related("health"), public_id=public_id)
