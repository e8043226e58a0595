"""What vouches for an address, and by what we know a wish: every source has words that a person understands."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from interactions.customers.choices import SOURCES, shown_identity, source_words
from interactions.customers.models import Identity

# Calls that write a source down, with the place at which it stands where it has no name.
KEEPERS = {"IdentityClaim", "ConsentTold", "Preference", "Consent", "Identity", "add_identity", "attest_identity"}
KEEPERS |= {"set_preference", "record_consent"}
THIRD = {"attested"}
# What is handed on is written somewhere else.
HANDED_ON = {"source", "consent.source", "claim.source", "new.source", "one.source", "told.source", "identity.source"}


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def imported(tree: ast.Module, constants: dict[str, ast.expr]) -> dict[str, ast.expr]:
    names = [name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
    return {name: constants[name] for name in names if name.isupper() and name in constants}


def sources_of(path: Path, everywhere: dict[str, ast.expr]) -> Iterator[str]:
    """Every source that a module writes down, as far as it can be read; a name with a part of its own as its kind."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = imported(tree, everywhere) | assigned(tree)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        given = [keyword.value for keyword in call.keywords if keyword.arg == "source"] if name in KEEPERS else []
        given += call.args[2:3] if name in THIRD else []
        for value in given:
            yield from read(value, constants, f"{path.name}:{call.lineno}")


def read(value: ast.expr, constants: dict[str, ast.expr], place: str) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from read(value.body, constants, place)
        yield from read(value.orelse, constants, place)
    elif isinstance(value, ast.Subscript):
        yield from read(value.value, constants, place)
    elif isinstance(value, ast.JoinedStr):
        assert isinstance(value.values[0], ast.Constant), place
        yield str(value.values[0].value)
    elif isinstance(value, ast.Constant):
        yield str(value.value)
    elif isinstance(value, ast.Name) and value.id in constants:
        yield from read(constants[value.id], constants, place)
    else:
        assert ast.unparse(value) in HANDED_ON, f"{place}: this source cannot be read: {ast.unparse(value)}"


def test_every_source_that_the_code_writes_has_words() -> None:
    root = Path(settings.BASE_DIR)
    folders = ("interactions", "feedback", "journeys", "ccx")
    paths = [path for folder in folders for path in (root / folder).rglob("*.py") if "migrations" not in path.parts]
    everywhere: dict[str, ast.expr] = {}
    for path in paths:
        everywhere |= assigned(ast.parse(path.read_text(encoding="utf-8")))
    found = {source for path in paths for source in sources_of(path, everywhere)}
    assert len(found) > 12
    assert {
        "chat token",
        "link to a chat",
        "link in a chat's mail",
        "given in a chat",
        "agent",
        "SMS",
        "import ",
        "api:",
    } <= found
    assert {source for source in found if source and source_words(source) == source} == set()
    assert all(str(words) and str(words) not in SOURCES for words in SOURCES.values())


def test_the_pretend_year_has_words_for_its_sources_too() -> None:
    from ccx.demo.drafts import SOURCES as PRETENDED

    assert {told for _assurance, told in PRETENDED.values()} <= set(SOURCES)


def test_an_address_is_shown_as_people_write_it_and_a_number_of_ours_as_whose_it_is() -> None:
    def shown(kind: str, value: str, name: str = "") -> str:
        return shown_identity(kind, value, name=lambda: name)

    assert shown("phone", "+4915112345678", "Ann") == "+49 1511 2345678"
    assert shown("whatsapp", "+14155550100") == "+1 415-555-0100"
    assert shown("email", "ann@example.test", "Ann") == "ann@example.test"
    assert shown("visitor", "0197c0de-0000-7000-8000-000000000000") == "the visitor in the chat"
    assert shown("visitor", "0197c0de-0000-7000-8000-000000000000", "Ann") == "Ann"
    assert shown("account", "0197c0de-0000-7000-8000-000000000000:c-1001") == "c-1001"
    assert shown("telegram", "4711", "Ann") == "Ann"


def test_an_unknown_source_is_shown_as_it_stands() -> None:
    assert source_words("a fax") == "a fax"
    assert source_words("api:1f3a") == source_words("api") != "api"
    assert "earlier" in source_words("import shop 2025")
    assert Identity(source="chat token").source_words == str(SOURCES["chat token"])
