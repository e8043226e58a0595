"""Replies of the real world: what a reader should see of them, by those who collected them."""

from pathlib import Path

import pytest

from interactions.channels.email.quoting import split_quoted
from interactions.channels.email.quoting_words import FORWARDED, VERBS
from interactions.channels.email.reading import parse

pytestmark = pytest.mark.real_data
FOLDER = "email_reply_parsing"
LEAST_EQUAL = 31
# What was reached when the rules were written; less of it is a step back.
SENSIBLE = {
    "github_email_reply_parser": 0.9,
    "zapier_email_reply_parser": 0.9,
    "alfonsrv_mail_parser_reply": 0.85,
    "mailgun_talon": 1.0,
}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_what_readers_should_see_of_replies_is_what_they_see(real_data: Path) -> None:
    folder = real_data / FOLDER / "discourse_email_reply_trimmer"
    expected = sorted((folder / "trimmed").iterdir())
    different = []
    for path in expected:
        split = split_quoted(read(folder / "emails" / path.name))
        whole = squeezed(" ".join((split.above, split.fresh, split.quoted)))
        assert whole == squeezed(read(folder / "emails" / path.name)), f"{path.name} lost words"
        if squeezed(split.fresh) != squeezed(read(path)):
            different.append(path.name)
    assert len(expected) == 32
    assert len(expected) - len(different) >= LEAST_EQUAL, different


def is_sensible(text: str) -> bool:
    """Something is left, and of the history neither who wrote when nor a block of it at the end."""
    fresh = split_quoted(text).fresh
    lines = [line for line in fresh.split("\n") if line.strip()]
    if not lines:
        return False
    introduced = any(
        line.rstrip().endswith(":") and VERBS.search(line) and any(c.isdigit() for c in line) for line in lines[1:]
    )
    ends_quoted = lines[-1].startswith(">") and not lines[0].startswith(">")
    return not introduced and not ends_quoted and not any(FORWARDED.search(line) for line in lines[1:])


@pytest.mark.parametrize("project", SENSIBLE)
def test_most_replies_of_other_projects_are_read_sensibly(
    real_data: Path, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = real_data / FOLDER / project
    if project == "mailgun_talon":
        mails = sorted((folder / "fixtures" / "standard_replies").glob("*.eml"))
        found = {}
        for path in mails:
            told = path.with_name(f"{path.stem}_reply_text")
            wanted = read(told) if told.exists() else "Hello"
            # They keep what a telephone signs with; we fold it away.
            wanted = split_quoted(wanted).fresh
            found[path.name] = squeezed(split_quoted(parse(path.read_bytes()).text).fresh) == squeezed(wanted)
    else:
        found = {path.name: is_sensible(read(path)) for path in sorted((folder / "emails").iterdir())}
    share = sum(found.values()) / len(found)
    with capsys.disabled():
        print(f"\n{project}: {sum(found.values())} of {len(found)} replies are read sensibly ({share:.0%})")  # noqa: T201
    assert share >= SENSIBLE[project], [name for name, is_well in found.items() if not is_well]
