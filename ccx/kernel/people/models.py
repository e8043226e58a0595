"""People and service users, their teams, and the grants that say which rows they see."""

from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from ccx.kernel.abstract import PublicModel
from ccx.kernel.people.choices import ROLE_ABILITIES, Ability, GrantScope, Role, UserKind


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: "User") -> Self:
        """Teams whose figures the user may see."""
        if user.sees_everything:
            return self
        return self.filter(pk__in=user.granted(GrantScope.TEAM))


class Team(PublicModel):
    """People who take contacts together and share figures."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        fields = {"role": Role.ADMINISTRATOR, "is_superuser": True, "is_staff": True} | fields
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username or "")

    def visible_to(self, user: "User") -> models.QuerySet["User"]:
        """Oneself, and the people of the teams one may see; everyone for those who see everything."""
        rows = self.get_queryset()
        if user.sees_everything:
            return rows
        return rows.filter(Q(pk=user.pk) | Q(team_id__in=user.granted(GrantScope.TEAM)))


class User(PublicModel, AbstractBaseUser, PermissionsMixin):
    """A person who signs in, or a service user that acts for a machine. Signs in by e-mail."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(max_length=8, choices=UserKind.choices, default=UserKind.PERSON)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.AGENT)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="members")
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once_whatever_its_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def can(self, ability: Ability) -> bool:
        """Whether the role may do this at all."""
        return self.is_active and (self.is_superuser or ability in ROLE_ABILITIES.get(self.role, frozenset()))

    @property
    def zone(self) -> ZoneInfo:
        """The person's own time zone, or the centre's."""
        try:
            return ZoneInfo(self.time_zone or settings.TIME_ZONE)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(settings.TIME_ZONE)

    @cached_property
    def _grants(self) -> list[tuple[str, int | None]]:
        return list(self.grants.values_list("scope", "target_id"))

    @property
    def sees_everything(self) -> bool:
        return self.is_active and (
            self.is_superuser or self.role == Role.ADMINISTRATOR or (GrantScope.ALL, None) in self._grants
        )

    def granted(self, scope: GrantScope) -> list[int]:
        """The ids this user's grants name in one dimension, in order."""
        if not self.is_active:
            return []
        return sorted(target for kind, target in self._grants if kind == scope and target is not None)


class Grant(models.Model):
    """One user may see the rows of one team, queue or contact reason, or all rows. Grants add up."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    scope = models.CharField(max_length=8, choices=GrantScope.choices)
    target_id = models.BigIntegerField(null=True, blank=True)
    granted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    rule = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        help_text="The rule that gave it and takes it back (ownership); empty: a person did.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "scope", "target_id"], name="grant_once", nulls_distinct=False),
            models.CheckConstraint(
                name="grant_of_all_names_no_target",
                condition=Q(scope="all", target_id__isnull=True) | (~Q(scope="all") & Q(target_id__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope}:{self.target_id or '*'}"


class Invite(models.Model):
    """A one-time link to set a first password. Only the hash of its secret is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invites")
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
