"""What the documents name exists: commands, files, links, settings, addresses, abilities."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from ccx.kernel.people.choices import ROLE_ABILITIES, Ability, Role
from ccx.subscriptions import READERS
from interactions.doors.history.mapping import shipped_mappings

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = sorted(
    [
        *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "ccx/kernel/README.md")),
        *(ROOT / app / "README.md" for app in ("interactions", "feedback", "journeys", "analytics")),
        *(ROOT / "docs").rglob("*.md"),
    ]
)
# Folders at the top that a path in a document may begin with; `var/` is made by running.
TOP = ("ccx", "interactions", "feedback", "journeys", "analytics", "templates", "static", "tests", "docs", "benchmarks")
PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(TOP)})/[\w./-]*[\w/]")
SUFFIXES = (".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".in", ".json", ".html", "Makefile", "Dockerfile")
TOP_FILE = re.compile(r"`([\w.-]+\.(?:py|toml|md|yml|json|in))`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# `make` as a command: in code, or at the start of an indented line.
MAKE = re.compile(r"(?:`|^ {4,})make((?: +[\w/=.-]+)+)", re.MULTILINE)
MANAGE = re.compile(r"manage\.py ([a-z_]\w+)")
SETTING = re.compile(r"\bCCX_[A-Z_]+[A-Z]\b")
ADDRESS = re.compile(r"`(/(?!var/)[a-z][\w/-]*)`")
NO_ADDRESS = {"/ws/", "/api/v1", "/contacts/bulk"}

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def settings_table() -> set[str]:
    return set(re.findall(r"^\| `(\w+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))


@each_document
def test_every_make_target_named_is_one(path: Path) -> None:
    named = {word for words in MAKE.findall(path.read_text()) for word in words.split() if "=" not in word}
    assert named - targets() == set()


@each_document
def test_every_management_command_named_is_one(path: Path) -> None:
    assert set(MANAGE.findall(path.read_text())) - set(get_commands()) == set()


@each_document
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(path.read_text()) if "://" not in link]
    assert [link for link in links if link and not (path.parent / link).exists()] == []


@each_document
def test_every_path_named_exists(path: Path) -> None:
    text = LINK.sub("]", path.read_text())
    named = {found for found in PATH.findall(text) if found.endswith(("/", *SUFFIXES))}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@each_document
def test_every_file_named_without_a_folder_exists_somewhere(path: Path) -> None:
    lacking = []
    for name in set(TOP_FILE.findall(path.read_text())):
        places = (ROOT, path.parent, *(ROOT / top for top in TOP))
        if not any((place / name).exists() or any(place.glob(f"*/{name}")) for place in places):
            lacking.append(name)
    assert lacking == []


@each_document
def test_every_setting_named_stands_in_the_table(path: Path) -> None:
    assert set(SETTING.findall(path.read_text())) - settings_table() - {"CCX_READERS", "CCX_SENDERS"} == set()


@each_document
def test_every_address_named_is_answered(path: Path) -> None:
    if path.name == "api.md":  # its addresses are relative to /api/v1; tests/interactions/doors has the description
        return
    lacking = []
    for address in set(ADDRESS.findall(path.read_text())) - NO_ADDRESS:
        try:
            resolve(address)
        except Resolver404:
            lacking.append(address)
    assert lacking == []


def test_the_table_of_abilities_says_what_the_roles_may_do() -> None:
    lines = (ROOT / "docs/security.md").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| ability |"))
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:] if line.startswith("|")]
    roles = [Role(name.replace(" ", "_")) for name in table[0][1:]]
    told = {role: {row[0] for row in table[2:] if row[column] == "yes"} for column, role in enumerate(roles, start=1)}
    short = {
        Ability.EXPORT: "export figures and rows",
        Ability.CONFIGURE: "change configuration",
        Ability.SEE_AUDIT: "read the audit log",
        Ability.OPERATE: "see and replay readers",
    }
    words = {ability: short.get(ability, ability.value.replace("_", " ")) for ability in Ability}
    assert told == {role: {words[ability] for ability in ROLE_ABILITIES[role]} for role in Role}


def test_every_package_that_is_installed_has_its_reason() -> None:
    text = (ROOT / "docs/adr/0011-dependencies-and-why-each-came-in.md").read_text()
    named = set(re.findall(r"[a-z][a-z0-9-]+", text.lower()))
    lines = (ROOT / "requirements.in").read_text().splitlines()
    wanted = {re.split(r"[\[=<>~ ]", line)[0].lower() for line in lines if line and not line.startswith("#")}
    assert wanted - named == set()


def test_the_readme_names_every_shipped_mapping() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in shipped_mappings() if f"| `{name}` |" not in readme] == []


def test_the_readers_that_operations_replays_are_there() -> None:
    replayed = set(re.findall(r"replay_reader (\w+)", (ROOT / "docs/operations.md").read_text()))
    assert replayed <= {reader.name for reader in READERS}
