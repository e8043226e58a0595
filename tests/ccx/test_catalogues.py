"""What customers read is translated, whole, and compiled without gettext's programs."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

from ccx.catalogues import LOCALE, compile_catalogues

# Everything a customer may see, and the modules whose words end there.
PAGES = [
    *(f"templates/feedback/surveys/{name}.html" for name in ("survey", "_questions", "expired", "later", "stop")),
    *("templates/emails/feedback/survey.html", "templates/emails/feedback/survey.txt"),
    *("templates/interactions/doors/webform.html", "templates/interactions/doors/webform_thanks.html"),
    "templates/interactions/doors/chat.html",
]
MODULES = [
    *("feedback/surveys/mailing.py", "feedback/surveys/views/answering.py"),
    *("interactions/doors/webform/forms.py", "interactions/doors/webform/views.py"),
    "interactions/doors/webform/holding.py",
    *("interactions/doors/chat/views.py", "interactions/doors/chat/mailing.py"),
    *("interactions/handling/selectors/inviting.py", "interactions/handling/services/inviting.py"),
    *(f"interactions/doors/chat/services/{name}.py" for name in ("asking", "saying", "sessions", "uploads", "writing")),
]
TRANSLATED = re.compile(r"""\{% translate ["'](.+?)["']""")
BLOCKS = re.compile(r"\{% blocktranslate[^%]*%\}(.+?)\{% endblocktranslate %\}", re.DOTALL)
CALLS = re.compile(r"""\b_\(\s*"(.+?)"\s*\)""", re.DOTALL)


def words_of(name: str) -> set[str]:
    text = (Path(settings.BASE_DIR) / name).read_text(encoding="utf-8")
    if name.endswith(".py"):
        return set(CALLS.findall(text))
    blocks = {re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", block) for block in BLOCKS.findall(text)}
    return set(TRANSLATED.findall(text)) | blocks


@pytest.mark.parametrize("name", PAGES + MODULES)
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES if code != "en"])
def test_everything_a_customer_reads_is_translated(language: str, name: str) -> None:
    catalogue = polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po"))
    told = {entry.msgid: entry.msgstr for entry in catalogue if entry.translated()}
    found = words_of(name)
    assert found
    assert found - set(told) == set()
    for words in found:
        assert set(re.findall(r"%\(\w+\)s", words)) == set(re.findall(r"%\(\w+\)s", told[words]))


def test_catalogues_are_compiled_once_until_their_source_changes(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "django.po"
    source.write_bytes((LOCALE / "de" / "LC_MESSAGES" / "django.po").read_bytes())
    assert [compile_catalogues(tmp_path), compile_catalogues(tmp_path)] == [1, 0]
    assert {entry.msgid: entry.msgstr for entry in polib.mofile(str(folder / "django.mo"))}["Yes"] == "Ja"
    assert sorted(path.name for path in folder.iterdir()) == ["django.mo", "django.po"]
