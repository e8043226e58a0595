"""Who may sign in to the demonstration centre: passwords made here and now, told once, kept readable to the owner."""

import os
import secrets
from pathlib import Path

from ccx.demo.centre import Centre
from ccx.kernel.access.choices import Scope
from ccx.kernel.access.services import issue_key
from ccx.kernel.models import User
from ccx.kernel.people.services.service_users import add_service_user

SCOPES = (Scope.CONTACTS_WRITE, Scope.CONTACTS_ATTEST, Scope.CONTACTS_READ, Scope.CONFIG_READ, Scope.FIGURES_READ)


def give_sign_ins(centre: Centre) -> str:
    """Passwords for one person of each role and a key for a machine; the text to show."""
    people: list[tuple[str, User]] = [("administrator", centre.administrator)]
    people += [(f"supervisor, {team}", lead) for team, lead in centre.leads.items()]
    people += [("quality analyst", centre.analyst)] if centre.analyst else []
    people += [(f"experience owner, {name}", owner) for name, owner in centre.owners.items()]
    people += [(f"agent, {team}", agents[0]) for team, agents in centre.agents.items()]
    lines = []
    for role, person in people:
        password = secrets.token_urlsafe(12)
        person.set_password(password)
        person.save(update_fields=["password"])
        lines.append(f"{role:<30}{person.email:<36}{password}")
    shop = add_service_user(name="Shop", sees_everything=True, by=centre.administrator)
    issued = issue_key(user=shop, name="Online shop", scopes=SCOPES, by=centre.administrator)
    lines.append(f"{'integration (API key)':<30}{shop.email:<36}{issued.token}")
    return "\n".join(lines) + "\n"


def keep_sign_ins(text: str, path: Path) -> None:
    """Write the file so that at no moment anybody but the owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)
