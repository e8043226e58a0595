"""manage.py createadmin EMAIL [--name NAME]: an administrator, and a link to set the first password."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from ccx.kernel.audit.commands import AuditedCommand
from ccx.kernel.errors import DomainError
from ccx.kernel.people.choices import Role, UserKind
from ccx.kernel.people.models import User
from ccx.kernel.people.selectors import user_by_email
from ccx.kernel.people.services.accounts import change_person, create_person, reactivate_person
from ccx.kernel.people.services.invites import issue_invite


class Command(AuditedCommand):
    help = "Make somebody an administrator and print a link, valid once and for seven days, to set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="how the person is called; by default the e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an e-mail address.") from error
        try:
            with transaction.atomic():
                user = self._administrator(email, options["name"])
                link = issue_invite(user_id=user.pk, by=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.name} <{user.email}> is an administrator. Set the password here within 7 days:")
        self.stdout.write(link)

    @staticmethod
    def _administrator(email: str, name: str) -> User:
        """Whoever has the shell may also get back in: an existing person is opened, promoted and invited anew."""
        known = user_by_email(email)
        if known is None:
            return create_person(email=email, name=name or email, role=Role.ADMINISTRATOR, by=None)
        if known.kind != UserKind.PERSON:
            raise CommandError(f"{email} is a service user and never signs in.")
        reactivate_person(user_id=known.pk, by=None)
        return change_person(
            user_id=known.pk,
            email=known.email,
            name=name or known.name,
            role=Role.ADMINISTRATOR,
            team=known.team,
            by=None,
        )
