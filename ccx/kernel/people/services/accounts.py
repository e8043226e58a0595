"""Accounts: made, changed, closed and opened again by administrators."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ccx.kernel.events.log import announce
from ccx.kernel.people.choices import Role, UserKind
from ccx.kernel.people.errors import EmailTakenError, LastAdministratorError
from ccx.kernel.people.events import AccessChanged
from ccx.kernel.people.models import Team, User
from ccx.kernel.people.services.authority import require_configure


@transaction.atomic
def create_person(*, email: str, name: str, role: Role, team: Team | None = None, by: User | None) -> User:
    """Make an account without a password; an invitation lets its owner set one."""
    require_configure(by)
    _refuse_taken(email, but=None)
    return User.objects.create_user(
        email, None, name=name.strip(), kind=UserKind.PERSON, role=role, team=team, language="", time_zone=""
    )


@transaction.atomic
def change_person(*, user_id: int, email: str, name: str, role: Role, team: Team | None, by: User | None) -> User:
    """Give a person another e-mail, name, role or team."""
    require_configure(by)
    administrators = _lock_administrators()
    user = User.objects.select_for_update().get(pk=user_id)
    if role != Role.ADMINISTRATOR:
        _refuse_without_another(user, administrators)
    new_email = User.objects.normalize_email(email).lower()
    if new_email != user.email.lower():
        _refuse_taken(email, but=user)
        # allauth remembers addresses of its own; a former one must not sign in or reset anything.
        EmailAddress.objects.filter(user=user).delete()
    access_before = (user.role, user.team_id)
    user.email, user.name, user.role, user.team = new_email, name.strip(), role, team
    user.is_superuser = user.is_superuser and role == Role.ADMINISTRATOR
    user.save(update_fields=["email", "name", "role", "team", "is_superuser"])
    if (user.role, user.team_id) != access_before:
        announce(AccessChanged(agent_id=user.pk, is_active=user.is_active), by_id=by.pk if by else None)
    return user


@transaction.atomic
def change_own_profile(*, name: str, language: str, time_zone: str, by: User) -> User:
    """What a person may change about their own account."""
    user = User.objects.select_for_update().get(pk=by.pk)
    user.name, user.language, user.time_zone = name.strip(), language, time_zone
    user.save(update_fields=["name", "language", "time_zone"])
    return user


@transaction.atomic
def deactivate_person(*, user_id: int, by: User | None) -> User:
    """Close an account: its sessions, invitations and API keys end at once. Closing it again is a no-op.

    The password goes too, so that no old session or password comes back to life if the account is opened again.
    """
    require_configure(by)
    administrators = _lock_administrators()
    user = User.objects.select_for_update().get(pk=user_id)
    if not user.is_active:
        return user
    _refuse_without_another(user, administrators)
    now = timezone.now()
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    user.invites.filter(used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    user.api_keys.filter(revoked_at__isnull=True).update(revoked_at=now)
    announce(AccessChanged(agent_id=user.pk, is_active=False), by_id=by.pk if by else None)
    return user


@transaction.atomic
def reactivate_person(*, user_id: int, by: User | None) -> User:
    """Open a closed account again; its owner needs a new invitation."""
    require_configure(by)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    announce(AccessChanged(agent_id=user.pk, is_active=True), by_id=by.pk if by else None)
    return user


def _lock_administrators() -> set[int]:
    """The people who can administrate now. Locked in order, so that two of them cannot remove each other at once."""
    return set(
        User.objects.select_for_update()
        .filter(Q(role=Role.ADMINISTRATOR) | Q(is_superuser=True), is_active=True, kind=UserKind.PERSON)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _refuse_without_another(user: User, administrators: set[int]) -> None:
    if user.pk in administrators and len(administrators) == 1:
        raise LastAdministratorError


def _refuse_taken(email: str, *, but: User | None) -> None:
    others = User.objects.filter(email__iexact=email.strip())
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise EmailTakenError(email=email)
