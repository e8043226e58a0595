"""The one telling line of each card while it is closed: plain sentences, no rows."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from interactions.customers.choices import Assurance
from interactions.customers.models import Identity
from interactions.customers.selectors import CustomerProfile
from interactions.customers.selectors.timeline import TimelineEntry

ORDINALS = (
    gettext_lazy("Second"),
    gettext_lazy("Third"),
    gettext_lazy("Fourth"),
    gettext_lazy("Fifth"),
    gettext_lazy("Sixth"),
    gettext_lazy("Seventh"),
    gettext_lazy("Eighth"),
    gettext_lazy("Ninth"),
)


def ago(moment: datetime, now: datetime) -> str:
    """How long a moment is past, in words; older than a month it is a date."""
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        minutes = int(seconds // 60)
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    days = (timezone.localtime(now).date() - timezone.localtime(moment).date()).days
    if days == 0:
        hours = int(seconds // 3600)
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    if days == 1:
        return _("yesterday")
    if days <= 31:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    local = timezone.localtime(moment)
    return _("on %(date)s") % {"date": formats.date_format(local, "j M Y")}


def promises_line(states: Sequence[str]) -> str:
    """How many promises are open, and how many of them are late."""
    waiting = [state for state in states if state != "kept"]
    overdue = states.count("overdue")
    if not waiting:
        return _("No open promise")
    line = ngettext("%(n)d open promise", "%(n)d open promises", len(waiting)) % {"n": len(waiting)}
    if overdue:
        late = _("overdue") if len(waiting) == 1 else ngettext("one overdue", "%(n)d overdue", overdue) % {"n": overdue}
        return f"{line}, {late}"
    today = states.count("due")
    if today:
        soon = (
            _("due today") if len(waiting) == 1 else ngettext("one due today", "%(n)d due today", today) % {"n": today}
        )
        return f"{line}, {soon}"
    return line


def cases_line(number: int) -> str:
    return ngettext("%(n)d open case", "%(n)d open cases", number) % {"n": number} if number else _("Nothing is open")


def last_contact_line(entry: TimelineEntry | None, now: datetime) -> str:
    """When we last had to do with the customer before this contact, and why."""
    if entry is None:
        return _("This is their first contact")
    if entry.reason:
        return _("Last contact %(ago)s about %(reason)s") % {"ago": ago(entry.started_at, now), "reason": entry.reason}
    return _("Last contact %(ago)s by %(channel)s") % {"ago": ago(entry.started_at, now), "channel": entry.channel}


def purchases_line(profile: CustomerProfile, now: datetime) -> str:
    if not profile.purchases:
        return _("No purchase is known")
    last = profile.purchases[0]
    said = {"what": last.description or last.reference, "ago": ago(last.purchased_at, now)}
    return _("%(what)s, %(ago)s") % said


def notes_line(profile: CustomerProfile) -> str:
    return profile.notes[0].body if profile.notes else _("No notes")


def profile_line(profile: CustomerProfile) -> str:
    """The surest address, or that there is none."""
    if not profile.identities:
        return _("No address is known")
    first = profile.identities[0]
    return f"{first.shown}, {assurance_words(first.assurance).lower()}"


def assurance_words(assurance: int) -> str:
    """How sure we are, said so that nobody needs to know the term."""
    return {
        Assurance.NONE: _("Not identified"),
        Assurance.CLAIMED: _("Claimed, not checked"),
        Assurance.ATTESTED: _("Confirmed by the channel"),
        Assurance.PROVEN: _("Proven by the customer"),
    }[Assurance(assurance)]


def evidence_line(identity: Identity | None, assurance: int, *, customer_id: int | None) -> str:
    """How we came to this customer, and what that is worth: the whole reasoning in a sentence or two.

    `assurance` is this very contact's. What once vouched for the address says nothing of a contact that shows less:
    whoever forges a sender must not borrow its proof.
    """
    if identity is None or identity.customer_id != customer_id:
        return _("A person said who this is; no address of this contact shows it.")
    by = {"kind": identity.get_kind_display(), "value": identity.shown}
    told = _("Known by %(kind)s %(value)s") % by
    why = identity.source_words
    if assurance < identity.assurance:
        why = _("the address was vouched for earlier, and this contact does not show that it is theirs")
    line = f"{told}: {why}." if why else f"{told}."
    if assurance < Assurance.ATTESTED:
        line = _("%(line)s Tell nothing of earlier contacts until they prove who they are.") % {"line": line}
    return line


def repeat_line(number: int, about: str, days: int) -> str:
    """ "Third contact about Delivery is late in 9 days"."""
    which = ORDINALS[number - 2] if number - 2 < len(ORDINALS) else _("%(n)dth") % {"n": number}
    span = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    return _("%(which)s contact about %(about)s in %(span)s") % {"which": which, "about": about, "span": span}
