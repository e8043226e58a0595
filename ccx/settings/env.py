"""Typed readers of the environment. Every variable CCX reads goes through one of these."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_str(name: str, default: str = "") -> str:
    """The value; set to nothing counts as not set, for compose files pass what is missing as nothing."""
    return os.environ.get(name) or default


def env_bool(name: str, *, default: bool) -> bool:
    """True or False, nothing else: a typing slip must not switch a protection off."""
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value in {"1", "true", "True"}:
        return True
    if value in {"0", "false", "False"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1/true/True or 0/false/False, not {value!r}.")


def env_int(name: str, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name, "")
    if value == "":
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def env_list(name: str, default: str = "") -> list[str]:
    """Values with commas between them."""
    return [item.strip() for item in env_str(name, default).split(",") if item.strip()]


def env_secret(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE points to."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from None
    return env_str(name, default)


def database_from_url(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a postgres:// address; sockets as ?host=/path."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must start with postgres:// or postgresql://.")
    query = dict(item.split("=", 1) for item in parts.query.split("&") if "=" in item)
    options: dict[str, object] = {key: unquote(value) for key, value in query.items() if key != "host"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def embedded_services(var_dir: Path) -> dict[str, str]:
    """What `make run` wrote down about its own servers, so that every command finds them; {} without such a file."""
    try:
        lines = (var_dir / "services.env").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
