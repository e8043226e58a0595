"""Combinations of settings that must not go to work. Each check has an id and says what to do."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from ccx.kernel.secrets import is_key

LOCAL = {"127.0.0.1", "localhost", "[::1]", "::1"}
SHORTEST_KEY = 50
KEY_HINT = (
    'Make one: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())", '
    "and keep it apart from the backups of the database."
)


@register(Tags.compatibility)
def driver_is_the_chosen_one(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Django silently prefers psycopg 3 when some package brings it along."""
    if find_spec("psycopg") is None:
        return []
    return [
        Error(
            "psycopg 3 is installed, and Django would use it instead of psycopg2.",
            hint="Uninstall psycopg, and the package that pulled it in.",
            id="ccx.E001",
        )
    ]


@register(Tags.security)
def socket_address_is_one(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Two answers to one question are none."""
    if settings.SOCKETS_URL and settings.SOCKETS_PORT:
        return [
            Error(
                "CCX_SOCKETS_URL and CCX_SOCKETS_PORT are both set.",
                hint="Keep the URL when sockets have an address of their own, the port when only the port differs.",
                id="ccx.E002",
            )
        ]
    return []


@register(Tags.security)
def encryption_keys_are_keys(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A key with a slip in it would be noticed only when the first password is kept."""
    if all(map(is_key, settings.CCX_ENCRYPTION_KEYS)):
        return []
    return [Error("CCX_ENCRYPTION_KEYS holds something that is no key.", hint=KEY_HINT, id="ccx.E003")]


@register(Tags.security)
def production_is_meant(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Under CCX_PRODUCTION=1 nothing that is for trying out may be on."""
    if not settings.PRODUCTION:
        return []
    return [message for wrong, message in _production_rules() if wrong]


def _production_rules() -> list[tuple[bool, CheckMessage]]:
    hosts = set(settings.ALLOWED_HOSTS)
    return [
        (settings.DEBUG, Error("CCX_DEBUG is on in production.", hint="Unset CCX_DEBUG.", id="ccx.E010")),
        (
            settings.DEMO,
            Error(
                "CCX_DEMO is on in production: demo people would get accounts.", hint="Unset CCX_DEMO.", id="ccx.E011"
            ),
        ),
        (
            len(settings.SECRET_KEY) < SHORTEST_KEY,
            Error(
                "CCX_SECRET_KEY is short.",
                hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(50))"',
                id="ccx.E012",
            ),
        ),
        (
            not settings.OWN_DATABASE or not settings.OWN_REDIS,
            Error(
                "Production needs DATABASE_URL and REDIS_URL; the embedded servers are for one machine of your own.",
                hint="Point both to servers that someone backs up.",
                id="ccx.E013",
            ),
        ),
        (
            "*" in hosts or not hosts - LOCAL,
            Error(
                "CCX_ALLOWED_HOSTS names no host of yours, or every host.",
                hint="Name the hosts people use, with commas between them.",
                id="ccx.E014",
            ),
        ),
        (
            not settings.BASE_URL.startswith("https://"),
            Error(
                "CCX_BASE_URL is not an https address; links in mails would be wrong.",
                hint="Set the address people use, e.g. https://contact.example.org",
                id="ccx.E015",
            ),
        ),
        (
            settings.SECURE and not settings.TRUSTED_PROXIES,
            Error(
                "HTTPS is on and CCX_TRUSTED_PROXIES is 0: behind a proxy every request would redirect for ever.",
                hint="Set the number of proxies in front; CCX_HTTPS=0 only where nothing leaves the machine.",
                id="ccx.E016",
            ),
        ),
        (
            not settings.CCX_ENCRYPTION_KEYS,
            Error("CCX_ENCRYPTION_KEYS is not set: passwords need a key of their own.", hint=KEY_HINT, id="ccx.E018"),
        ),
        (
            settings.EMAIL_HOST in LOCAL,
            Warning("Mail goes to this machine's own server.", hint="Set CCX_SMTP_HOST if it has none.", id="ccx.W017"),
        ),
    ]
