"""An HTML mail as it may be shown: cleaned by an allow-list, its links telling where they lead.

Nothing of it loads by itself: what is remote is taken out when it is shown, until somebody asks for it.
"""

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import Final
from urllib.parse import urlsplit

import nh3

MAX_HTML: Final = 1_000_000
MAX_DEPTH: Final = 500
TAGS: Final = frozenset(
    {
        *("a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "div"),
        *("dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p"),
        *("pre", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
        *("thead", "tr", "tt", "u", "ul"),
    }
)
GONE_WITH_CONTENT: Final = frozenset(
    {"script", "style", "title", "template", "noscript", "svg", "math", "iframe", "object", "head"}
)
SHARED: Final = frozenset({"style", "dir", "lang", "align", "valign", "title"})
ATTRIBUTES: Final = {
    "*": set(SHARED),
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor"},
    "tr": {"bgcolor"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type"},
    "col": {"width", "span"},
}
STYLES: Final = frozenset(
    {
        *("color", "background-color", "font-family", "font-size", "font-style", "font-weight", "text-align"),
        *("text-decoration", "line-height", "letter-spacing", "white-space", "vertical-align", "direction"),
        *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left"),
        *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left"),
        *("border", "border-top", "border-right", "border-bottom", "border-left", "border-color", "border-style"),
        *("border-width", "border-radius", "border-collapse", "width", "max-width", "min-width", "height"),
    }
)
OPENS: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15})")
VOID: Final = frozenset({"br", "img", "hr", "col", "input", "meta", "link", "base", "area", "source", "wbr"})
# As nh3 writes it: lower-case, attributes in double quotes.
IMAGE: Final = re.compile(r"<img\b[^>]*>")
SOURCE: Final = re.compile(r'\ssrc="([^"]*)"')
LINK: Final = re.compile(r'<a\b[^>]*\shref="([^"]*)"[^>]*>(.{0,2000}?)</a>', re.DOTALL)
HARMFUL: Final = re.compile(r"url\s*\(|image\s*\(|expression|@import|behaviou?r|binding|javascript", re.IGNORECASE)
MARKUP: Final = re.compile(r"<[^>]*>")
LOOKS_LIKE_ADDRESS: Final = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[/:?#]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """Clean HTML; empty where it was too much to be shown. `has_remote`: it wants images from elsewhere."""

    html: str = ""
    has_remote: bool = False
    is_too_complex: bool = False


def clean(html: str) -> Shown:
    """What may be shown of an HTML mail."""
    if not html.strip():
        return Shown()
    if len(html) > MAX_HTML or _is_too_deep(html):
        return Shown(is_too_complex=True)
    safe = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(GONE_WITH_CONTENT),
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
        filter_style_properties=set(STYLES),
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    safe = LINK.sub(_told, safe)
    if not MARKUP.sub("", safe).strip() and "<img" not in safe:
        return Shown()
    return Shown(html=safe, has_remote=any(is_remote(source) for source in sources(safe)))


def sources(safe: str) -> list[str]:
    """Where the images of clean HTML lie, as it says."""
    return [unescape(found[1]) for image in IMAGE.findall(safe) if (found := SOURCE.search(image))]


def is_remote(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Addresses only whole ones: a relative one would lead into this very installation."""
    if name == "style":
        return None if HARMFUL.search(value) else value
    if name not in {"href", "src"}:
        return value
    told = value.strip()
    scheme = told.partition(":")[0].lower() if ":" in told else ""
    if name == "src":
        return told if scheme in {"http", "https", "cid"} else None
    return told if scheme in {"http", "https", "mailto", "tel"} else None


def _is_too_deep(html: str) -> bool:
    depth = 0
    for found in OPENS.finditer(html):
        if found[2].lower() in VOID:
            continue
        depth = max(0, depth - 1) if found[1] else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def _told(link: re.Match[str]) -> str:
    """Behind words that look like one address and lead to another stands where they lead."""
    host = (urlsplit(unescape(link[1])).hostname or "").lower().removeprefix("www.")
    said = LOOKS_LIKE_ADDRESS.search(MARKUP.sub("", unescape(link[2])).strip())
    if not host or said is None:
        return link[0]
    shown = said[1].lower().removeprefix("www.")
    if shown == host or host.endswith(f".{shown}"):
        return link[0]
    return f"{link[0]} ({escape(host)})"
