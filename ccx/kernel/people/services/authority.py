"""Who may change people at all."""

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.errors import NotAllowedError
from ccx.kernel.people.models import User


def require_configure(by: User | None) -> None:
    """Refuse anybody who may not configure; the operator at the command line (None) may."""
    if by is not None and not by.can(Ability.CONFIGURE):
        raise NotAllowedError
