"""Reads about people, teams and invitations."""

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ccx.kernel.people.choices import UserKind
from ccx.kernel.people.models import Invite, Team, User


def open_invite(secret_hash: str) -> Invite | None:
    """The link that still may set a password, of a person whose account is open."""
    return (
        Invite.objects.select_related("user")
        .filter(
            secret_hash=secret_hash,
            used_at__isnull=True,
            expires_at__gt=timezone.now(),
            user__is_active=True,
            user__kind=UserKind.PERSON,
        )
        .first()
    )


def user_by_email(email: str) -> User | None:
    """Whoever has this address, person or service user, account open or closed. For the command line, not for pages."""
    return User.objects.filter(email__iexact=email).first()


def people_for(user: User, *, words: str = "", with_closed: bool = False) -> QuerySet[User]:
    """The people list: those the user may see, with their teams."""
    rows = User.objects.visible_to(user).select_related("team").filter(kind=UserKind.PERSON)
    if not with_closed:
        rows = rows.filter(is_active=True)
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(email__icontains=words))
    return rows.order_by("name", "pk")


def teams_for(user: User) -> QuerySet[Team]:
    """The teams list, with how many people each has now."""
    return Team.objects.visible_to(user).annotate(people=Count("members", filter=Q(members__is_active=True)))
