"""The script that a site embeds: small, whole, and loadable from pages of any origin."""

import gzip
import re

from django.test import Client

from interactions.doors.chat.widget import MODULES, current_script, folder


def test_script_and_style_together_stay_under_thirty_kilobytes_packed(client: Client) -> None:
    response = client.get("/chat/widget.js", headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < 30_000
    assert gzip.decompress(response.content) == client.get("/chat/widget.js").content


def test_a_page_of_another_origin_may_load_it_and_keeps_it_shortly(client: Client) -> None:
    response = client.get("/chat/widget.js")
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "max-age=300" in response["Cache-Control"]
    assert not response.cookies


def test_who_has_it_already_is_told_so(client: Client) -> None:
    etag = client.get("/chat/widget.js")["ETag"]
    again = client.get("/chat/widget.js", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert client.get("/chat/widget.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_module_is_in_it_and_stands_after_those_it_imports() -> None:
    assert {path.stem for path in folder().glob("*.js")} == set(MODULES)
    for place, name in enumerate(MODULES):
        source = (folder() / f"{name}.js").read_text(encoding="utf-8")
        assert set(re.findall(r'from "\./(\w+)\.js"', source)) <= set(MODULES[:place]), name


def test_modules_that_share_a_scope_name_nothing_twice() -> None:
    names = re.findall(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", _sources(), re.MULTILINE)
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_data_never_becomes_markup_and_no_string_becomes_code() -> None:
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser"
    assert re.findall(banned, current_script().plain.decode()) == []


def test_both_languages_have_every_word_with_the_same_places_to_fill() -> None:
    source = (folder() / "words.js").read_text(encoding="utf-8")
    english, german = (
        dict(re.findall(r'^    (\w+): "(.*)",$', part, re.MULTILINE))
        for part in re.findall(r"  \w\w: \{(.*?)\n  \}", source, re.DOTALL)
    )
    assert english.keys() == german.keys()
    places = {key: [set(re.findall(r"\{\w+\}", words[key])) for words in (english, german)] for key in english}
    assert {key for key, (one, other) in places.items() if one != other} == set()
    asked = set(re.findall(r'"(\w+)"', _sources(without="words"))) | set(re.findall(r'say\(.*?"(\w+)"', _sources()))
    # By the state of a message, and by how far away a day is.
    asked |= {"sent", "read", "sending", "lost", "backToday", "backTomorrow", "backOn"}
    assert english.keys() - asked == set()


def _sources(*, without: str = "") -> str:
    return "\n".join((folder() / f"{name}.js").read_text(encoding="utf-8") for name in MODULES if name != without)
