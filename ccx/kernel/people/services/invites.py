"""One-time links with which a person sets the first password. Only the hash of a secret is kept."""

import hashlib
import secrets
from datetime import timedelta

from axes.utils import reset as unlock
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ccx.kernel.people.choices import UserKind
from ccx.kernel.people.errors import AccountIsClosedError, InviteIsNotValidError, ServiceUserHasNoPasswordError
from ccx.kernel.people.models import Invite, User
from ccx.kernel.people.selectors import open_invite
from ccx.kernel.people.services.authority import require_configure

VALID_FOR = timedelta(days=7)
SECRET_BYTES = 32


@transaction.atomic
def issue_invite(*, user_id: int, by: User | None) -> str:
    """Make a link and return it whole: it is never shown again. Earlier links of the person stop working."""
    require_configure(by)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.kind != UserKind.PERSON:
        raise ServiceUserHasNoPasswordError
    if not user.is_active:
        raise AccountIsClosedError
    now = timezone.now()
    user.invites.filter(used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    Invite.objects.create(user=user, secret_hash=hash_secret(secret), expires_at=now + VALID_FOR)
    return settings.BASE_URL.rstrip("/") + reverse("first_password", args=[secret])


def send_invite(*, user: User, link: str, by: User | None) -> None:
    """Mail a link that `issue_invite` made. Raises what the mail server raises."""
    require_configure(by)
    send_mail(
        _("Your account"),
        _("An account was made for you. Set your password here within seven days:") + f"\n\n{link}\n",
        None,
        [user.email],
    )


@transaction.atomic
def accept_invite(*, secret: str, password: str) -> User:
    """Set the password that a link allows to set, once. Raises InviteIsNotValidError for any other link."""
    found = open_invite(hash_secret(secret))
    if found is None:
        raise InviteIsNotValidError
    # The person first, then the link: the order in which everything else locks them.
    user = User.objects.select_for_update().get(pk=found.user_id)
    claimed = Invite.objects.filter(pk=found.pk, used_at__isnull=True, expires_at__gt=timezone.now()).update(
        used_at=timezone.now()
    )
    if claimed != 1 or not user.is_active:
        raise InviteIsNotValidError
    user.set_password(password)
    user.save(update_fields=["password"])
    unlock(username=user.email.lower())
    return user


def hash_secret(secret: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
