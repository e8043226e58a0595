"""Reading the environment: a slip must not switch a protection off."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ccx.settings.env import database_from_url, embedded_services, env_bool, env_int, env_list, env_secret, env_str


@pytest.mark.parametrize(
    ("value", "meant"), [("1", True), ("true", True), ("True", True), ("0", False), ("False", False)]
)
def test_yes_and_no_are_read(monkeypatch: pytest.MonkeyPatch, value: str, meant: bool) -> None:
    monkeypatch.setenv("CCX_HTTPS", value)
    assert env_bool("CCX_HTTPS", default=not meant) is meant


@pytest.mark.parametrize("value", ["yes", "on", "TRUE", "2", " 1"])
def test_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CCX_HTTPS", value)
    with pytest.raises(ImproperlyConfigured, match="CCX_HTTPS must be"):
        env_bool("CCX_HTTPS", default=True)


def test_set_to_nothing_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCX_PORT", "")
    assert env_str("CCX_PORT", "x") == "x"
    assert env_int("CCX_PORT", 7) == 7
    assert env_list("CCX_PORT", "a, b,,") == ["a", "b"]
    assert env_bool("CCX_PORT", default=True) is True
    assert env_secret("CCX_PORT", "s") == "s"


def test_a_number_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCX_PORT", "eighty")
    with pytest.raises(ImproperlyConfigured, match="CCX_PORT must be a whole number, not 'eighty'"):
        env_int("CCX_PORT", 1)


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush\n")
    monkeypatch.setenv("CCX_SECRET_KEY", "not this")
    monkeypatch.setenv("CCX_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert env_secret("CCX_SECRET_KEY") == "hush"


def test_a_secret_file_that_is_not_there_is_an_error_and_not_an_empty_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CCX_SECRET_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="CCX_SECRET_KEY_FILE cannot be read"):
        env_secret("CCX_SECRET_KEY")


def test_a_database_address_is_taken_apart() -> None:
    found = database_from_url("postgresql://me:p%40ss@db.example:6543/centre?sslmode=require")
    assert {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")} == {
        "NAME": "centre",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require"},
    }


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must start with"):
        database_from_url("mysql://me@db/centre")


def test_what_make_run_wrote_down_is_read_and_its_absence_is_nothing(tmp_path: Path) -> None:
    assert embedded_services(tmp_path) == {}
    (tmp_path / "services.env").write_text("REDIS_URL=redis://:a=b@127.0.0.1:1/0\n")
    assert embedded_services(tmp_path) == {"REDIS_URL": "redis://:a=b@127.0.0.1:1/0"}
