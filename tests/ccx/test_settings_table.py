"""docs/settings.md is the one list of variables: code, compose file and image may name no other, and none is idle."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
READERS = {"env_str", "env_bool", "env_int", "env_list", "env_secret", "_number", "getenv"}
# Read by the supervisor through a name in a variable, or by other programs.
INDIRECT = {"CCX_POSTGRES_PORT", "CCX_VALKEY_PORT"}
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "REDIS_PASSWORD"}
# Of the images themselves, not of CCX.
FOREIGN = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS", "REDISCLI_AUTH", "PATH", "PYTHONUNBUFFERED"}
FOREIGN |= {"PYTHONDONTWRITEBYTECODE", "PIP_DISABLE_PIP_VERSION_CHECK", "DJANGO_SETTINGS_MODULE"}
SYSTEM = {"PATH", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER"}


def documented() -> set[str]:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)`", table, flags=re.MULTILINE))


def read_in(path: Path) -> set[str]:
    """Names that this file reads from the environment."""
    text = path.read_text(encoding="utf-8")
    if "environ" not in text and not any(reader in text for reader in READERS):
        return set()
    names = set()
    for node in ast.walk(ast.parse(text)):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.split(".")[-1] in READERS or called.endswith("environ.get"):
                found = node.args[:1]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            found = [node.slice]
        names |= {
            arg.value for arg in found if isinstance(arg, ast.Constant) and re.fullmatch("[A-Z_]+", str(arg.value))
        }
    return names


def read_by_code() -> set[str]:
    names = set()
    for folder in ("ccx", "interactions", "feedback", "journeys", "analytics", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            names |= read_in(path)
    return (names | INDIRECT) - SYSTEM


def test_the_table_lists_exactly_what_the_code_reads() -> None:
    assert documented() == read_by_code() | COMPOSE_ONLY


def test_every_variable_of_the_compose_file_stands_in_the_table() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    compose = yaml.safe_load(text)
    named = set(re.findall(r"\$\{([A-Z_]+)", text))
    for service in compose["services"].values():
        named |= set(service.get("environment", {}))
    assert named - FOREIGN <= documented()


def test_every_variable_of_the_image_stands_in_the_table() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = set(re.findall(r"\b([A-Z][A-Z_]{3,})=", text))
    assert named - FOREIGN <= documented()


def test_the_compose_file_fits_the_published_schema() -> None:
    program = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [program, "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_passes_its_linter() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    done = subprocess.run(
        [str(program), "--format", "json", "Dockerfile"], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == []


def test_the_compose_file_starts_the_programs_that_the_supervisor_starts() -> None:
    from ccx.supervisor.programs import Plan, commands

    plan = Plan(
        host="0.0.0.0",
        port=8000,
        sockets_port=8001,
        mail_port=1025,
        web_workers=2,
        web_threads=4,
        worker_processes=2,
        var_dir=Path("/var/lib/ccx"),
    )
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    image = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert image is not None
    inside = {name: compose[name].get("command", json.loads(image[1])) for name in commands(plan)}
    assert sorted(map(str, inside["web"])) == sorted(
        word for word in commands(plan)["web"][2:] if word not in {"--backlog", "1024"}
    )
    for name in ("mail", "mailboxes"):  # they have no program of their own
        inside[name] = inside[name][2:]
    assert {name: words for name, words in inside.items() if name != "web"} == {
        name: words[2:] for name, words in commands(plan).items() if name != "web"
    }


def test_the_image_copies_every_app() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for folder in ("ccx", "interactions", "feedback", "journeys", "analytics", "templates", "static"):
        assert f"COPY {folder} {folder}\n" in text


def test_the_locks_name_no_download_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lock = (ROOT / name).read_text(encoding="utf-8")
        assert (
            re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links|--trusted-host", _without_header(lock)) == []
        )
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def _without_header(lock: str) -> str:
    return "\n".join(line for line in lock.splitlines() if not line.startswith("#"))
