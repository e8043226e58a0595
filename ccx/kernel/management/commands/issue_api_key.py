"""manage.py issue_api_key EMAIL --scopes contacts:write …: prints the key once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ccx.kernel.access.choices import Scope
from ccx.kernel.access.services import issue_key
from ccx.kernel.errors import DomainError
from ccx.kernel.people.models import User


class Command(BaseCommand):
    help = "Issues an API key to a service user and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom for, what for, how long."""
        parser.add_argument("email", help="The service user's e-mail address.")
        parser.add_argument("--scopes", nargs="+", required=True, choices=[scope.value for scope in Scope])
        parser.add_argument("--name", default="issued by command", help="What it is for.")
        parser.add_argument("--days", type=int, default=0, help="Days until it expires; 0 for never.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Issue it."""
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError(f"There is no user {options['email']}.") from None
        days = options["days"]
        if not 0 <= days <= 3650:
            raise CommandError("--days must be from 0 to 3650.")
        try:
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
