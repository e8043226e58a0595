"""What holds for every template: strict content policy, described components, addresses and icons that exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.urls import NoReverseMatch, get_resolver, reverse

from ccx.kernel.look.icons import ICONS

FOLDER = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
# Mail programs know no stylesheets.
PAGES = [name for name in TEMPLATES if not name.startswith("emails/")]


def source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def test_there_are_templates_to_look_at():
    assert len(TEMPLATES) > 40


@pytest.mark.parametrize("name", PAGES)
def test_a_template_holds_no_inline_script_style_or_handler(name: str):
    text = source(name)
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"<style\b", text) == []
    assert re.findall(r"""\s(?:style|on[a-z]+|hx-on[:a-z-]*)\s*=\s*["']""", text) == []
    assert "javascript:" not in text


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.startswith("components/")])
def test_a_component_begins_with_a_comment_on_its_variables(name: str):
    assert re.match(r"\{% comment %\}.{10,}\{% endcomment %\}", source(name)), name


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_compiles(name: str):
    get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_address_a_template_names_exists(name: str):
    missing = [url for url in re.findall(r"""\{% url ["']([^"']+)["']""", source(name)) if not _exists(url)]
    assert missing == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_icon_a_template_names_is_in_the_sprite(name: str):
    assert set(re.findall(r"""\{% icon ["']([^"']+)["']""", source(name))) <= set(ICONS)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_component_a_template_includes_exists_and_is_given_only_what_it_names(name: str):
    for target in re.findall(r"""\{% include ["']([^"']+)["']""", source(name)):
        assert (FOLDER / target).exists(), target


def _exists(url_name: str) -> bool:
    """A name that wants arguments exists too; reversing it without any would not tell."""
    try:
        reverse(url_name)
    except NoReverseMatch:
        *namespaces, last = url_name.split(":")
        resolver = get_resolver()
        for namespace in namespaces:
            if namespace not in resolver.namespace_dict:
                return False
            resolver = resolver.namespace_dict[namespace][1]
        return last in resolver.reverse_dict
    return True
