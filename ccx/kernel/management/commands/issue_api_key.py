"""manage.py issue_api_key EMAIL --scopes contacts:write …: prints the key once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.services import issue_key
from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.errors import DomainError
from ccx.kernel.people.models import User
from ccx.kernel.people.services.service_users import add_service_user


class Command(AuditedCommand):
    help = "Issues an API key to a service user and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom for, what for, how long."""
        parser.add_argument("user", help="The service user's e-mail address, or with --new its name.")
        parser.add_argument("--new", action="store_true", help="Add the service user.")
        parser.add_argument("--all-rows", action="store_true", help="Let a new one see the rows of all teams.")
        parser.add_argument("--scopes", nargs="+", required=True, choices=[scope.value for scope in Scope])
        parser.add_argument("--name", default="issued by command", help="What it is for.")
        parser.add_argument("--days", type=int, default=0, help="Days until it expires; 0 for never.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue it."""
        days = options["days"]
        if not 0 <= days <= 3650:
            raise CommandError("--days must be from 0 to 3650.")
        try:
            user = self._user(options["user"], is_new=options["new"], all_rows=options["all_rows"])
            issued = issue_key(
                user=user,
                name=options["name"],
                scopes=[Scope(scope) for scope in options["scopes"]],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                by=user,
            )
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(issued.token)

    def _user(self, who: str, *, is_new: bool, all_rows: bool) -> User:
        if is_new:
            return add_service_user(name=who, sees_everything=all_rows, by=None)
        try:
            return User.objects.get_by_natural_key(who)
        except User.DoesNotExist:
            raise CommandError(f"There is no service user {who}: add it with --new.") from None
