"""Users that act for machines: the importer, the scheduler, the seed."""

from ccx.kernel.people.choices import Role, UserKind
from ccx.kernel.people.models import User


def service_user(name: str) -> User:
    """The service user of this name, made at first need. It cannot sign in and sees no rows by itself."""
    user, _ = User.objects.get_or_create(
        email=f"{name}@service.invalid",
        defaults={"name": name.capitalize(), "kind": UserKind.SERVICE, "role": Role.INTEGRATION, "password": "!"},
    )
    return user
