"""Compiles the translations (locale/*/LC_MESSAGES/*.po) for Django, without gettext's own programs.

python -m ccx.catalogues
"""

import os
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_catalogues(folder: Path = LOCALE) -> int:
    """Write each .mo that is missing or older than its .po; how many. Safe beside another that does the same."""
    written = 0
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        unfinished = target.with_suffix(f".{os.getpid()}.part")
        polib.pofile(str(source)).save_as_mofile(str(unfinished))
        unfinished.replace(target)
        written += 1
    return written


if __name__ == "__main__":
    compile_catalogues()
