"""Reading surveys: links, who may be asked, answers and follow-ups."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ccx.kernel.models import Grant, User
from ccx.kernel.people.choices import ROLE_ABILITIES, Ability, GrantScope, UserKind
from feedback.surveys.choices import PREFERS_NOT, PURPOSE
from feedback.surveys.models import FollowUp, Invitation, Response, Survey
from interactions.channels.choices import Channel
from interactions.customers.choices import Assurance, ConsentState, IdentityKind
from interactions.customers.models import Consent, Customer, Identity
from interactions.models import Interaction

SHOWN: Final = 5


def hash_of(secret: str) -> str:
    """256 random bits need no slow hash; what is looked up tells nothing about what was guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def invitation_of(secret: str) -> Invitation | None:
    """The invitation whose link holds this secret."""
    rows = Invitation.objects.select_related("survey", "interaction")
    return rows.filter(secret_hash=hash_of(secret)).first()


def response_to(interaction_id: int) -> Response | None:
    """What was answered about a contact."""
    return Response.objects.filter(interaction_id=interaction_id).first()


def family_of(customer: Customer) -> list[int]:
    """A customer and everyone merged into them: they are one person, and are asked as one."""
    family, generation = [customer.pk], [customer.pk]
    while generation:
        generation = list(Customer.objects.filter(merged_into__in=generation).values_list("pk", flat=True))
        family += generation
    return family


def does_not_want_to_be_asked(customer: Customer) -> bool:
    """Whether the newest word on being asked is no, whatever the channel it was said for."""
    newest = Consent.objects.filter(customer=customer, purpose=PURPOSE).filter(
        Q(channel__isnull=True) | Q(channel=Channel.EMAIL)
    )
    state = newest.order_by("-at", "-pk").values_list("state", flat=True).first()
    if state == ConsentState.WITHDRAWN:
        return True
    values = customer.preferences.filter(topic=PURPOSE).values_list("value", flat=True)
    return any(value.strip().lower() in PREFERS_NOT for value in values)


def address_to_ask(customer: Customer, interaction: Interaction) -> str:
    """The e-mail address to write to: the contact's own, else the surest. Claimed ones may be anybody's: never."""
    sure = Identity.objects.filter(customer=customer, kind=IdentityKind.EMAIL, assurance__gte=Assurance.ATTESTED)
    found = list(sure.order_by("-assurance", "-last_seen_at", "-pk"))
    own = [identity for identity in found if identity.pk == interaction.identity_id]
    return (own or found)[0].value if found else ""


def was_asked_lately(
    family: Sequence[int], *, around: datetime, days: int, states: Sequence[str], without: int | None = None
) -> bool:
    """Whether one of this person's invitations lies within the cool-down, before or after."""
    if days == 0:
        return False
    span = timedelta(days=days)
    rows = Invitation.objects.filter(customer_id__in=family, state__in=states)
    return rows.filter(due_at__gt=around - span, due_at__lt=around + span).exclude(pk=without or 0).exists()


def active_surveys() -> list[Survey]:
    """Those that ask, the ones that name their channels first, the older first."""
    rows = Survey.objects.filter(is_active=True).order_by("pk")
    return sorted(rows, key=lambda survey: not survey.channels)


def survey_for(channel: int, surveys: Sequence[Survey]) -> Survey | None:
    """The survey that asks about a contact on this channel."""
    slug = Channel(channel).slug
    return next((survey for survey in surveys if not survey.channels or slug in survey.channels), None)


def follow_ups(user: User, which: str) -> QuerySet[FollowUp]:
    """The follow-ups of one tab: mine, unassigned, overdue, open (everybody's) or closed."""
    rows = FollowUp.objects.visible_to(user).select_related(
        "owner", "response__interaction__customer", "response__interaction__reason", "response__interaction__team"
    )
    chosen = {
        "mine": Q(owner=user, closed_at__isnull=True),
        "unassigned": Q(owner__isnull=True, closed_at__isnull=True),
        "overdue": Q(due_at__lt=timezone.now(), closed_at__isnull=True),
        "open": Q(closed_at__isnull=True),
        "closed": Q(closed_at__isnull=False),
    }[which]
    order = ("-closed_at", "-pk") if which == "closed" else ("due_at", "pk")
    return rows.filter(chosen).order_by(*order)


def follow_up_counts(user: User) -> dict[str, int]:
    """How many stand in each tab that asks for work."""
    own = Q(owner=user)
    return (
        FollowUp.objects.visible_to(user)
        .filter(closed_at__isnull=True)
        .aggregate(
            mine=Count("pk", filter=own),
            unassigned=Count("pk", filter=Q(owner__isnull=True)),
            overdue=Count("pk", filter=Q(due_at__lt=timezone.now())),
            open=Count("pk"),
        )
    )


def followers_of(interaction: Interaction) -> list[User]:
    """Who may look after a contact's customer: people with the ability and a grant on its team or queue.

    The one with the fewest open follow-ups comes first, the older account among equals.
    """
    granted = Q(scope=GrantScope.TEAM, target_id=interaction.team_id or 0)
    granted |= Q(scope=GrantScope.QUEUE, target_id=interaction.queue_id or 0)
    roles = [role for role, abilities in ROLE_ABILITIES.items() if Ability.FOLLOW_UP in abilities]
    people = User.objects.filter(
        is_active=True,
        kind=UserKind.PERSON,
        role__in=roles,
        pk__in=Grant.objects.filter(granted).values("user_id"),
    )
    load = dict(
        FollowUp.objects.filter(owner__in=people, closed_at__isnull=True)
        .values_list("owner")
        .annotate(number=Count("pk"))
    )
    return sorted(people, key=lambda person: (load.get(person.pk, 0), person.pk))


def may_follow_up(person: User, interaction: Interaction) -> bool:
    """Whether this person has the ability and sees the contact."""
    return person.can(Ability.FOLLOW_UP) and Interaction.objects.visible_to(person).filter(pk=interaction.pk).exists()


def who_may_take(follow_up: FollowUp) -> list[User]:
    """To whom it can be handed over, by name."""
    interaction = follow_up.response.interaction
    roles = [role for role, abilities in ROLE_ABILITIES.items() if Ability.FOLLOW_UP in abilities]
    people = User.objects.filter(is_active=True, kind=UserKind.PERSON, role__in=roles).prefetch_related("grants")
    wanted = {
        (GrantScope.ALL.value, None),
        (GrantScope.TEAM.value, interaction.team_id or 0),
        (GrantScope.QUEUE.value, interaction.queue_id or 0),
        (GrantScope.REASON.value, interaction.reason_id or 0),
    }
    return [
        person
        for person in people.order_by("name", "pk")
        if person.sees_everything or wanted & {(grant.scope, grant.target_id) for grant in person.grants.all()}
    ]


@dataclass(frozen=True, kw_only=True)
class CustomerFeedback:
    """What one customer answered, newest first; contacts of others count and keep their words."""

    responses: Sequence[Response]
    total: int
    open_follow_ups: int


def customer_feedback(customer: Customer, user: User, *, limit: int = SHOWN) -> CustomerFeedback:
    """The customer's last answers about contacts whose text the user may read."""
    readable = Interaction.objects.readable_by(user).filter(customer=customer)
    rows = Response.objects.filter(interaction__in=readable).select_related("interaction__reason")
    waiting = FollowUp.objects.filter(response__interaction__in=readable, closed_at__isnull=True)
    return CustomerFeedback(
        responses=list(rows.order_by("-answered_at", "-pk")[:limit]),
        total=rows.count(),
        open_follow_ups=waiting.count(),
    )
