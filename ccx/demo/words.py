"""What is said and what things are called, from the files under data/."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parent / "data"
Words = Mapping[str, Any]


@lru_cache(maxsize=4)
def words(name: str) -> Any:
    """One file of words, read once."""
    return yaml.load((DATA / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


@lru_cache(maxsize=1)
def reasons() -> dict[str, Words]:
    """The leaves of the tree of reasons by code, each with the code of its group under `group`."""
    return {leaf["code"]: leaf | {"group": group["code"]} for group in words("reasons") for leaf in group["reasons"]}
