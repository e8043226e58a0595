"""Who may sign in with a password: people whose account is open. Service users never."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser

from ccx.kernel.people.choices import UserKind


class PersonBackend(AuthenticationBackend):
    """Asked again on every request, so that closing an account ends its sessions at once."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return super().user_can_authenticate(user) and getattr(user, "kind", None) == UserKind.PERSON

    def _check_password(self, user: AbstractBaseUser | None, password: str) -> AbstractBaseUser | None:
        """Unlike the parent, tell nobody that the password of a closed account was right."""
        if user is None:
            return None
        self._did_check_password = True
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
