"""Users that act for machines: the importer, the scheduler, the seed."""

from django.db import transaction
from django.utils.text import slugify

from ccx.kernel.people.choices import GrantScope, Role, UserKind
from ccx.kernel.people.errors import EmailTakenError
from ccx.kernel.people.models import User
from ccx.kernel.people.services.authority import require_configure
from ccx.kernel.people.services.grants import give_grant


def service_user(name: str) -> User:
    """The service user of this name, made at first need. It cannot sign in and sees no rows by itself."""
    user, _ = User.objects.get_or_create(
        email=f"{name}@service.invalid",
        defaults={"name": name.capitalize(), "kind": UserKind.SERVICE, "role": Role.INTEGRATION, "password": "!"},
    )
    return user


@transaction.atomic
def add_service_user(*, name: str, sees_everything: bool, by: User | None) -> User:
    """A service user for another system to act as; keys are issued to it. `sees_everything`: the rows of all teams.

    Raises EmailTakenError where one of that name stands already.
    """
    require_configure(by)
    email = f"{slugify(name)[:60] or 'system'}@service.invalid"
    if User.objects.filter(email=email).exists():
        raise EmailTakenError
    user = User.objects.create_user(email, None, name=name, kind=UserKind.SERVICE, role=Role.INTEGRATION)
    if sees_everything:
        give_grant(user_id=user.pk, scope=GrantScope.ALL, target_id=None, by=by)
    return user
