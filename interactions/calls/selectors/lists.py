"""Lists of what is to be called back, and of what was recorded."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ccx.kernel.models import User
from interactions.calls.models import Callback, Recording
from interactions.cases.choices import Direction, Outcome
from interactions.cases.models import Interaction
from interactions.channels.choices import Channel


def missed_calls(user: User, *, days: int = 7) -> QuerySet[Interaction]:
    """Calls of the last days that nobody answered, whose customer has not been spoken to since; the newest first."""
    since = timezone.now() - timedelta(days=days)
    missed = Interaction.objects.visible_to(user).filter(
        channel=Channel.VOICE,
        direction=Direction.INBOUND,
        started_at__gte=since,
        outcome__in=[Outcome.ABANDONED, Outcome.FLOW_OUT],
    )
    later = Interaction.objects.filter(
        channel=Channel.VOICE, started_at__gt=OuterRef("started_at"), first_answered_at__isnull=False
    )
    same = Q(customer_id=OuterRef("customer_id")) | Q(identity_id=OuterRef("identity_id"))
    return (
        missed.filter(~Exists(later.filter(same)))
        .select_related("customer", "identity", "queue", "inbox")
        .order_by("-started_at")
    )


def callbacks_open(user: User) -> QuerySet[Callback]:
    """Who waits to be called back, in the order of their places."""
    found = Callback.objects.visible_to(user).filter(state__in=[Callback.State.WAITING, Callback.State.CALLING])
    return found.select_related("queue", "asked_in__customer", "interaction").order_by("place_at")


def callbacks_given_up(user: User, *, days: int = 7) -> QuerySet[Callback]:
    """Who was not reached or not called in time in the last days, has not been spoken to since and has not asked
    again; the newest first."""
    since = timezone.now() - timedelta(days=days)
    given_up = Callback.objects.visible_to(user).filter(state=Callback.State.GIVEN_UP, next_try_at__gte=since)
    asked_again = Callback.objects.filter(number=OuterRef("number"), asked_at__gt=OuterRef("asked_at"))
    spoken = Interaction.objects.filter(channel=Channel.VOICE, first_answered_at__gt=OuterRef("asked_at"))
    same = Q(customer_id=OuterRef("asked_in__customer_id")) | Q(identity_id=OuterRef("asked_in__identity_id"))
    return (
        given_up.filter(~Exists(asked_again), ~Exists(spoken.filter(same)))
        .select_related("queue", "asked_in__customer", "interaction")
        .order_by("-next_try_at")
    )


def recordings_of(interaction: Interaction, user: User) -> QuerySet[Recording]:
    """What was recorded of a contact's calls; nothing for who may not see the contact."""
    found = Recording.objects.visible_to(user).filter(call__interaction=interaction)
    return found.exclude(state=Recording.State.LOST).order_by("started_at")
