"""A folder where the servers' account may enter too."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def var() -> Iterator[Path]:
    """Not under pytest's own folder, which only its owner may enter."""
    parent = Path(tempfile.mkdtemp(prefix="ccx-", dir="/tmp"))
    os.chmod(parent, 0o755)
    folder = parent / "var"
    folder.mkdir()
    yield folder
    shutil.rmtree(parent)
