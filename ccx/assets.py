"""Third-party files for the browser: exact ones from the npm packages, and a sprite of the icons in use.

Nothing third-party is committed. `npm ci --ignore-scripts` brings the packages; this finder serves and collects
the files named here and nothing else (the packages hold tens of megabytes that no page needs).
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Warning
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from ccx.kernel.look.icons import ICONS, SPRITE

_TABLER = "@tabler/core/dist"
_INTER = "@fontsource-variable/inter/files"
_INTER_SCRIPTS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")

# Address under /static/ -> file under node_modules.
FILES: dict[str, str] = {
    "vendor/tabler/tabler.min.css": f"{_TABLER}/css/tabler.min.css",
    "vendor/tabler/tabler.min.css.map": f"{_TABLER}/css/tabler.min.css.map",
    "vendor/tabler/tabler.rtl.min.css": f"{_TABLER}/css/tabler.rtl.min.css",
    "vendor/tabler/tabler.rtl.min.css.map": f"{_TABLER}/css/tabler.rtl.min.css.map",
    "vendor/tabler/tabler.min.js": f"{_TABLER}/js/tabler.min.js",
    "vendor/tabler/tabler.min.js.map": f"{_TABLER}/js/tabler.min.js.map",
    "vendor/echarts/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "vendor/twilio/twilio.min.js": "@twilio/voice-sdk/dist/twilio.min.js",
    "vendor/uplot/uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    "vendor/uplot/uPlot.min.css": "uplot/dist/uPlot.min.css",
} | {f"vendor/inter/inter-{script}.woff2": f"{_INTER}/inter-{script}-wght-normal.woff2" for script in _INTER_SCRIPTS}
_ICON_FOLDER = "@tabler/icons/icons/outline"


def packages_folder() -> Path:
    """Where npm put the packages."""
    return Path(settings.BASE_DIR) / "node_modules"


@cache
def build_sprite() -> Path:
    """Write the drawings of `ICONS` into one SVG file of symbols, and return its path.

    Kept under `var/`, so that no install step can be forgotten and the packages stay as npm left them.
    """
    symbols = []
    for name, drawing in sorted(ICONS.items()):
        source = (packages_folder() / _ICON_FOLDER / f"{drawing}.svg").read_text(encoding="utf-8")
        shapes = re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", source)
        drawn = "".join(shape for shape in shapes if "M0 0h24v24H0z" not in shape)
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>')
    content = f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'
    path = Path(settings.VAR_DIR) / "assets" / "icons.svg"
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
    return path


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Names carry the content's hash, in what our modules import too: a new version is never half loaded."""

    # Django's own switch would read others' scripts too, and stumble over words in their comments.
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )


class PackageAssetsStorage(FileSystemStorage):
    """The listed files, each under its own address."""

    prefix = ""

    def path(self, name: str) -> str:
        if name == SPRITE:
            return str(build_sprite())
        return str(packages_folder() / FILES[name])


class PackageAssetsFinder(BaseFinder):
    """Finds just the files named in `FILES`, and the icon sprite."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = PackageAssetsStorage(location=packages_folder())
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """Say so when the packages are not installed: pages would come without their look."""
        missing = missing_files()
        if not missing:
            return []
        return [
            Warning(
                f"{len(missing)} browser files are missing, the first is {missing[0]}.",
                hint="Run `npm ci --ignore-scripts` in the project's folder.",
                id="ccx.W001",
            )
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        found = [self.storage.path(path)] if path in FILES and self._exists(path) else []
        if path == SPRITE and (packages_folder() / _ICON_FOLDER).exists():
            found = [self.storage.path(path)]
        if find_all or kwargs.get("all"):
            return found
        return found[0] if found else []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Every file, for collectstatic; refuses to collect half of them."""
        missing = missing_files()
        if missing:
            raise ImproperlyConfigured(f"{missing[0]} is missing: run `npm ci --ignore-scripts` first.")
        for address in [*FILES, SPRITE]:
            yield address, self.storage

    def _exists(self, path: str) -> bool:
        return (packages_folder() / FILES[path]).exists()


def missing_files() -> list[str]:
    """Files that a page may ask for and npm has not brought."""
    wanted = [*FILES.values(), *(f"{_ICON_FOLDER}/{drawing}.svg" for drawing in ICONS.values())]
    return [file for file in wanted if not (packages_folder() / file).exists()]
