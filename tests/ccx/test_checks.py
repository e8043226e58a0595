"""`manage.py check --deploy` under production settings: clean when all is right, and each slip has its id."""

import secrets
import subprocess
import sys

from cryptography.fernet import Fernet
from django.conf import settings as project
from pytest_django.fixtures import Settings

from ccx.checks import encryption_keys_are_keys
from tests.ccx.processes import clean_environment

PRODUCTION = {
    "CCX_PRODUCTION": "1",
    "CCX_SECRET_KEY": secrets.token_urlsafe(50),
    "CCX_ENCRYPTION_KEYS": f"{Fernet.generate_key().decode()}, {Fernet.generate_key().decode()}",
    "CCX_BASE_URL": "https://contact.example.org",
    "CCX_ALLOWED_HOSTS": "contact.example.org",
    "CCX_TRUSTED_PROXIES": "1",
    "CCX_SMTP_HOST": "mail.example.org",
    "DATABASE_URL": "postgresql://ccx:hush@db.example.org:5432/ccx",
    "REDIS_URL": "redis://:hush@redis.example.org:6379/0",
}
# Those of settings, without what takes long: the description of the API is checked where nothing may be wrong.
OURS = ("--tag", "security")


def check(*options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", *options],
        check=False,
        cwd=project.BASE_DIR,
        env=clean_environment(**(PRODUCTION | changes)),
        capture_output=True,
        text=True,
    )


def test_a_production_that_is_set_up_right_has_no_complaint() -> None:
    done = check()
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_every_slip_is_told_with_its_id_and_a_hint() -> None:
    done = check(
        *OURS,
        CCX_DEBUG="1",
        CCX_DEMO="1",
        CCX_SECRET_KEY="short",
        CCX_BASE_URL="http://contact.example.org",
        CCX_ALLOWED_HOSTS="127.0.0.1",
        CCX_TRUSTED_PROXIES="0",
        CCX_SMTP_HOST="localhost",
        CCX_SOCKETS_URL="wss://live.example.org/ws/",
        CCX_SOCKETS_PORT="8001",
        CCX_ENCRYPTION_KEYS="",
        REDIS_URL="",
    )
    assert done.returncode == 1
    for number in ("E002", "E010", "E011", "E012", "E013", "E014", "E015", "E016", "E018", "W017"):
        assert f"(ccx.{number})" in done.stderr


def test_what_is_no_encryption_key_is_told(settings: Settings) -> None:
    settings.CCX_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), "not-a-key"]
    (told,) = encryption_keys_are_keys(None)
    assert told.id == "ccx.E003"
    settings.CCX_ENCRYPTION_KEYS = settings.CCX_ENCRYPTION_KEYS[:1]
    assert encryption_keys_are_keys(None) == []


def test_production_without_a_key_does_not_start_with_a_made_up_one() -> None:
    done = check(*OURS, CCX_SECRET_KEY="")
    assert done.returncode == 1
    assert "SECRET_KEY" in done.stderr


def test_a_protection_cannot_be_switched_off_by_a_slip() -> None:
    done = check(*OURS, CCX_HTTPS="yes")
    assert done.returncode == 1
    assert "CCX_HTTPS must be 1/true/True or 0/false/False" in done.stderr
