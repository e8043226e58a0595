"""Where things are: what imports cannot see and a reader relies on."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("ccx/kernel", "interactions", "feedback", "journeys", "analytics")
NOT_ROOMS = {"migrations", "management", "templatetags", "__pycache__"}
SLOTS = {
    *("models", "choices", "events", "errors", "selectors", "services", "tasks", "live"),
    *("forms", "serializers", "views", "api", "consumers", "admin", "urls", "__init__"),
}

# What a room has besides the slots: machinery that is no service and no selector. A new name needs a reason.
MORE_NAMES: dict[str, set[str]] = {
    # The log and its readers: each step of the pump by name.
    "ccx/kernel/events": {
        *("changes", "effects", "failpoints", "lag", "locks", "log", "months", "pumping", "quarantine", "readers"),
        *("replaying", "running", "sequencer", "trouble"),
    },
    # What the REST framework is told by name in settings.
    "ccx/kernel/access": {
        *("address", "authentication", "callers", "endpoint", "middleware", "parsers", "permissions", "problems"),
        *("queries", "rates", "schema", "shapes", "strict_json"),
    },
    # What commands of ours are, so that each says through which door it changes rows.
    "ccx/kernel/audit": {"commands", "context", "middleware"},
    # What allauth, axes and Django are told by name in settings.
    "ccx/kernel/people": {
        *("account_urls", "adapters", "address", "backends", "configuration", "context", "grant_targets", "http"),
        *("lockout", "middleware"),
    },
    # Sockets: what one is, their hub, what it hears, who looks at what, whether a person may still be here; what is
    # known of the other side of a record.
    "ccx/kernel/live": {"connection", "guests", "hub", "listening", "nudging", "standing", "topics", "viewing", "wire"},
    # How figures, dates and icons look; it owns no rows.
    "ccx/kernel/look": {"figures", "formats", "icons", "parts", "samples", "sparkline"},
    # The contracts that doors and adapters share, the list of adapters, and a folder per adapter.
    # And what adapters share: reading what strangers tell, Meta's Graph, Twilio's signature and REST.
    "interactions/channels": {
        *("chat", "contact", "contract", "email", "hooks", "registry", "telling", "meta", "twilio", "voice"),
        *("sms", "whatsapp", "messenger", "instagram", "telegram"),
    },
    # Where a quotation begins in what somebody wrote; what follows the log for open pages, and who may follow what;
    # forms and addresses of what stands beside a conversation.
    "interactions/desk": {"quoting", "following", "nudging", "fragment_urls", "pane_forms"},
    # The rules of "same interaction, same case", in the order they run.
    "interactions/intake": {"booking", "decision", "gate", "state", "writing"},
    # Pure arithmetic: over a calendar, and over who is free and what waits.
    "interactions/routing": {"hours", "matching"},
    # Menus as data and calls as stretches of time, both pure; orders on their way out; what nobody tells; what follows
    # the log.
    "interactions/calls": {"flows", "minding", "outgoing", "readers", "segments"},
    # Messages on their way out, as effects are; signs of ours on the customer's side; what follows the log.
    "interactions/handling": {
        *("letters", "lines", "outgoing", "readers", "reports", "scheduled", "settling", "shown", "signs"),
    },
    # The definition of a fact in SQL, and what refreshes it.
    "analytics/facts": {"agent_days", "definition", "expressions", "links", "measures"},
    "analytics/rollups": {"audit", "bulk", "deltas", "prepared", "reader", "rebuild", "refresh"},
    # The registry and its arithmetic.
    "analytics/kpis": {
        *("definition", "durations", "expressions", "figures", "hours", "labels", "maturing", "occupancy", "planner"),
        *("questions", "reading", "registry", "rows", "statistics", "sums", "catalogue", "distincts", "parts"),
        *("answers", "trends"),
    },
    # What administrators are told of a line by mail.
    "interactions/doors/lines": {"letters"},
    "journeys/ownership": {"reader", "letters"},
    # What follows the log; the words of surveys by language, and the mail that asks.
    "feedback/surveys": {"reader", "wording", "mailing"},
    # A page a module; how one is asked for, worded and exported.
    "analytics/dashboards": {
        *("asking", "contact_rows", "csv_files", "definitions", "filter_bars", "operations", "overview"),
        *(
            "answers",
            "live_levels",
            "resolution",
            "sheets",
            "wording",
            "owners",
            "owner_letters",
            "owner_urls",
            "owner_views",
            "owner_words",
        ),
    },
    # Ways in, one folder each; the page of what could not be read; files that come in, and those that go out.
    "interactions/doors": {
        *("chat", "deliveries", "files", "history", "lines", "mail", "rest", "sent", "voice", "webform", "webhooks"),
    },
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "core"}

LONGEST_FILE = 400
# Over the limit when the limit came; a number here may only fall, and at the limit its line goes.
GRANDFATHERED: dict[str, int] = {}


def rooms() -> Iterator[Path]:
    for app in APPS:
        for folder in sorted((ROOT / app).iterdir()):
            if folder.is_dir() and folder.name not in NOT_ROOMS:
                yield folder


def sources(*, with_tests: bool = False) -> list[Path]:
    folders = ("ccx", "interactions", "feedback", "journeys", "analytics", "benchmarks")
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    found += sorted((ROOT / "tests").rglob("*.py")) if with_tests else []
    return [path for path in found if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def top_line() -> set[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (apps,) = [contract for contract in contracts if contract["id"] == "apps"]
    return set(re.findall(r"ccx\.(\w+)", apps["layers"][0]))


def test_every_child_of_ccx_stands_in_the_top_line_of_the_contract() -> None:
    children = {
        path.stem for path in (ROOT / "ccx").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert children - {"__init__", "kernel"} <= top_line()


@pytest.mark.parametrize("room", [pytest.param(room, id=name_of(room)) for room in rooms()])
def test_a_room_has_only_the_names_it_may_have(room: Path) -> None:
    names = {path.stem for path in room.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert names - SLOTS - MORE_NAMES.get(name_of(room), set()) == set()


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in sources(with_tests=True)}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name_of(path) for path in sources(with_tests=True) if path.stem in VAGUE] == []


def test_no_file_is_longer_than_it_should_be() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(with_tests=True)}
    too_long = {name: length for name, length in lengths.items() if length > GRANDFATHERED.get(name, LONGEST_FILE)}
    assert too_long == {}


def test_a_file_that_became_short_loses_its_privilege() -> None:
    lengths = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in GRANDFATHERED}
    assert {name: length for name, length in lengths.items() if length <= LONGEST_FILE} == {}
    assert {name: GRANDFATHERED[name] for name, length in lengths.items() if length < GRANDFATHERED[name]} == {}


def test_apps_get_model_is_for_migrations() -> None:
    using = [
        name_of(path)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "get_model"
    ]
    assert using == []


def test_nobody_listens_to_signals_of_models() -> None:
    banned = {"django.db.models.signals", "django.dispatch"}
    importing = [
        f"{name_of(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in banned
    ]
    assert importing == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(
        "|".join(["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", r"pytest\.sk" + "ip", "xfa" + "il"])
    )
    marked = [
        f"{name_of(path)}:{number}"
        for path in sources(with_tests=True)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if marks.search(line)
    ]
    assert marked == []


def test_tests_are_functions_whose_names_are_sentences() -> None:
    short = [
        f"{name_of(path)}: {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") < 3
    ]
    assert short == []
