"""The telephone at the desk: the lines a browser signs in to, how a call stands, and who is to be called back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.errors import DomainError
from ccx.kernel.models import User
from interactions.calls.models import Call, Callback, CallLeg, CallState
from interactions.calls.selectors import (
    CallView,
    call_of,
    callbacks_given_up,
    callbacks_open,
    missed_calls,
    softphone_lines,
    standing,
    wait_of,
)
from interactions.calls.selectors.dialling import allowed_number, pairs_of
from interactions.cases.choices import InteractionStatus
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel
from interactions.channels.models import Inbox
from interactions.customers.choices import Assurance, IdentityKind
from interactions.customers.models import Identity
from interactions.desk.selectors.standing import Standing
from interactions.handling.selectors.sending import withdrawn
from interactions.routing.models import Queue

MOST_NUMBERS = 5


@dataclass(frozen=True, kw_only=True)
class CallBar:
    """A call as the header of its contact shows it. `is_ours`: its buttons are this person's to press."""

    view: CallView
    kind: str
    words: str
    seconds: int
    is_ours: bool
    is_demo: bool
    may_dial: bool

    @property
    def may_act(self) -> bool:
        """There is somebody on the line, and the telephone takes orders."""
        return self.is_ours and self.view.can_control and self.view.state == CallState.TALKING

    @property
    def may_end(self) -> bool:
        return self.is_ours and self.view.can_control and self.view.is_running

    @property
    def may_complete(self) -> bool:
        """A colleague who is there can take it; a number outside cannot."""
        return self.view.is_consulted_there and any(
            leg.kind == CallLeg.Kind.AGENT and leg.ended_at is None and str(leg.agent) == self.view.consulted
            for leg in self.view.legs
        )


def phones(agent: User) -> list[Inbox]:
    """One line of each account: one telephone of an account hears the calls of all its lines."""
    by_account: dict[tuple[str, str], Inbox] = {}
    for inbox in softphone_lines(agent):
        by_account.setdefault((inbox.provider, str(inbox.settings.get("account_sid", inbox.pk))), inbox)
    return list(by_account.values())


def has_telephone(agent: User) -> bool:
    """Whether a telephone of theirs can ring for a call that we make: in their browser, or the one on their desk."""
    if softphone_lines(agent):
        return True
    lines = Inbox.objects.visible_to(agent).filter(channel=Channel.VOICE, is_active=True)
    return any(agent.email in pairs_of(inbox.settings.get("agent_numbers")) for inbox in lines)


def is_theirs(interaction: Interaction, identity_id: int) -> bool:
    """Whether an address belongs to the customer of a contact that was found."""
    return Identity.objects.filter(customer=interaction.customer_id or 0, pk=identity_id).exists()


@dataclass(frozen=True, kw_only=True)
class CallWay:
    """A number of the customer that this person could call. `why_not` says in words why they cannot."""

    identity: Identity
    why_not: str = ""


def call_ways(interaction: Interaction, user: User) -> list[CallWay]:
    """The customer's numbers for who has a telephone at the desk; to others the first says that it is missing."""
    numbers = Identity.objects.filter(customer_id=interaction.customer_id or 0, kind=IdentityKind.PHONE)
    found = list(numbers.select_related("customer").order_by("-assurance", "-last_seen_at", "pk")[:MOST_NUMBERS])
    if not found or not Inbox.objects.filter(channel=Channel.VOICE, is_active=True).exists():
        return []
    lines = softphone_lines(user)
    if not lines:
        return [CallWay(identity=found[0], why_not=_("You have no telephone at this desk."))]
    is_talking = Call.objects.filter(ended_at=None, interaction__customer=interaction.customer_id or 0).exists()
    return [
        CallWay(identity=one, why_not=_why_no_call(interaction, one, lines, is_talking=is_talking)) for one in found
    ]


def _why_no_call(interaction: Interaction, identity: Identity, lines: Sequence[Inbox], *, is_talking: bool) -> str:
    if is_talking:
        return _("A call with the customer is running.")
    if identity.assurance < Assurance.ATTESTED:
        return _("Nobody vouches for this number.")
    if why_not := withdrawn(interaction, lines[0]):
        return why_not
    try:
        allowed_number(lines[0], identity.value)
    except DomainError as refused:
        return str(refused)
    return ""


def call_bar(interaction: Interaction, stands: Standing, user: User) -> CallBar | None:
    """None: nothing was ever called here."""
    if interaction.channel != Channel.VOICE:
        return None
    call = call_of(interaction)
    if call is None:
        return None
    view = standing(call)
    kind, words = _state(view, interaction, is_held=stands.is_held)
    until = call.ended_at or timezone.now()
    return CallBar(
        view=view,
        kind=kind,
        words=words,
        seconds=max(0, int((until - view.since).total_seconds())),
        is_ours=stands.is_mine,
        is_demo=bool(call.inbox.settings.get("is_demo")),
        may_dial=not view.is_running and stands.is_workable and bool(softphone_lines(user)),
    )


def _state(view: CallView, interaction: Interaction, *, is_held: bool) -> tuple[str, str]:
    if view.state == CallState.TALKING and view.consulted is not None:
        said = _("You talk with %(who)s, the customer waits") if is_held else _("All together with %(who)s")
        said = said if view.is_consulted_there else _("Calling %(who)s, the customer waits")
        return "consult", said % {"who": view.consulted}
    if view.state == CallState.TALKING and is_held:
        return "held", _("On hold")
    if view.state == CallState.QUEUED and interaction.status == InteractionStatus.WAITING:
        place = wait_of(interaction, timezone.now()).position
        return "queued", _("Waiting, number %(place)d in the queue") % {"place": place}
    words = {
        CallState.FLOW: _("In the menu"),
        CallState.QUEUED: _("Waiting"),
        CallState.RINGING: _("Ringing"),
        CallState.TALKING: _("Talking"),
        CallState.VOICEMAIL: _("Leaves a message"),
        CallState.ENDED: _("Call ended"),
    }
    return view.state, words[CallState(view.state)]


def choice_words(call: Call, step: str, keyed: str) -> str:
    """ "2: invoices": what was pressed, and where the menu leads from there."""
    steps = call.inbox.flow.definition.get("steps", {}) if call.inbox.flow is not None else {}
    choices = steps.get(step, {}).get("choices") or {}
    leads_to = choices.get(keyed) if isinstance(choices, dict) else None
    return f"{keyed}: {str(leads_to).replace('_', ' ')}" if leads_to else keyed


def owed(user: User) -> dict[str, int]:
    """How many are to be called back, and how many rang in vain; nothing where nobody can be called."""
    if not Inbox.objects.visible_to(user).filter(channel=Channel.VOICE, is_active=True).exists():
        return {"callbacks": 0, "given_up": 0, "missed": 0}
    return {
        "callbacks": callbacks_open(user).count(),
        "given_up": callbacks_given_up(user).count(),
        "missed": missed_calls(user).count(),
    }


def callbacks_by_queue(queue_ids: Iterable[int], user: User) -> dict[int, int]:
    """How many wait to be called back, by queue."""
    rows: QuerySet[Callback] = callbacks_open(user).filter(queue_id__in=list(queue_ids)).order_by()
    return dict(rows.values_list("queue_id").annotate(number=Count("pk")))


def queues_followed(user: User) -> list[str]:
    """The topics of the queues whose calls the page shows."""
    return [f"queue:{key}" for key in Queue.objects.visible_to(user).values_list("public_id", flat=True)[:150]]
