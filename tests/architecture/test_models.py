"""What models promise each other across apps."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

ROOT = Path(settings.BASE_DIR)
# Lower knows nothing of higher; feedback and journeys know nothing of each other.
LEVELS = {"kernel": 0, "interactions": 1, "feedback": 2, "journeys": 2, "analytics": 3}
EDGES = {"views", "api", "consumers", "tasks", "admin", "commands"}
# file -> attributes of `.objects` it may call, with a reason. This list may only shrink.
EDGES_THAT_MAY: dict[str, set[str]] = {
    # Whoever sits at the server's command line is no user yet: these find the user to act for.
    "ccx/kernel/management/commands/createadmin.py": {"filter"},
    "ccx/kernel/management/commands/issue_api_key.py": {"get_by_natural_key"},
    # The public: there is nobody to see it; `open` is the forms that anybody may.
    "interactions/doors/webform/views.py": {"open"},
    # The command line again: an import that stopped is taken up by its file's name.
    "interactions/management/commands/import_history.py": {"create", "filter"},
    # Drops derived rows that are past their time.
    "analytics/rollups/tasks.py": {"filter"},
}


def relations_between_apps() -> Iterator[tuple[type[models.Model], Any]]:
    for model in apps.get_models(include_auto_created=False):
        if model._meta.app_label not in LEVELS:
            continue
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            remote = field.related_model
            if isinstance(remote, type) and remote._meta.app_label != model._meta.app_label:
                yield model, field


def test_relations_between_apps_point_down() -> None:
    upward = [
        f"{model.__name__}.{field.name}"
        for model, field in relations_between_apps()
        if field.related_model._meta.app_label in LEVELS
        and LEVELS[field.related_model._meta.app_label] >= LEVELS[model._meta.app_label]
    ]
    assert upward == []


def test_relations_between_apps_have_no_name_on_the_other_side() -> None:
    """A reverse name is a dependency upward that no import shows."""
    named = [
        f"{model.__name__}.{field.name}"
        for model, field in relations_between_apps()
        # PermissionsMixin's own, which we inherit as they are.
        if field.remote_field.related_name != "+" and field.related_model._meta.app_label != "auth"
    ]
    assert named == []


@pytest.mark.parametrize("package", ["ccx.kernel", "interactions", "feedback", "journeys", "analytics"])
def test_every_model_of_a_room_is_reexported(package: str) -> None:
    """Without it Django silently leaves the model out, with its table."""
    exported = set(importlib.import_module(f"{package}.models").__all__)
    declared = set()
    folder = ROOT / package.replace(".", "/")
    for path in (*folder.glob("*/models.py"), *folder.glob("*/models/*.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        declared |= {
            name
            for name, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, models.Model)
            and value.__module__ == module.__name__
            and not value._meta.abstract
        }
    assert declared == exported


def test_edges_reach_rows_only_through_visible_to() -> None:
    found = []
    for app in ("ccx/kernel", "interactions", "feedback", "journeys", "analytics"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if EDGES & {*path.relative_to(ROOT).parts, path.stem}:
                allowed = {"visible_to"} | EDGES_THAT_MAY.get(path.relative_to(ROOT).as_posix(), set())
                found += [
                    f"{path.relative_to(ROOT)}:{node.lineno} .objects.{node.attr}"
                    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                    if isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Attribute)
                    and node.value.attr == "objects"
                    and node.attr not in allowed
                ]
    assert found == []
