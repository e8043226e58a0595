"""The words of an HTML mail. One pass without recursion or backtracking; nothing of the markup is kept."""

import re
from html import unescape
from typing import Final

MAX_HTML: Final = 1_000_000
MAX_QUOTES: Final = 5
MAX_LINK: Final = 500
TAG_BEGINS: Final = re.compile(r"<(?=[a-zA-Z/!?])")
TAG_NAME: Final = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,15})")
HREF: Final = re.compile(r"""\bhref\s{0,5}=\s{0,5}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
ALT: Final = re.compile(r"""\balt\s{0,5}=\s{0,5}(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
SAFE_LINK: Final = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)
UNSEEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "svg", "math", "iframe", "object"}
)
BLOCKS: Final = frozenset(
    {
        *("p", "div", "section", "article", "header", "footer", "main", "table", "tr", "ul", "ol", "li", "pre", "hr"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "form", "fieldset", "address", "dl", "dt", "dd", "center"),
    }
)
APART: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"})


def text_of(html: str) -> str:
    """What a reader would see, as plain text: quotes with "> ", list items with "- ", where a link truly leads."""
    writer = _Writer()
    html = html[:MAX_HTML]
    low = html.lower()
    at = 0
    while at < len(html):
        begins = TAG_BEGINS.search(html, at)
        writer.say(html[at : begins.start() if begins else None])
        if begins is None:
            break
        at = _after_tag(html, low, begins.start(), writer)
    return writer.text()


def _after_tag(html: str, low: str, opens: int, writer: "_Writer") -> int:
    """Deal with the tag that begins here; where to go on."""
    if html.startswith("<!--", opens):
        closes = html.find("-->", opens + 4)
        return closes + 3 if closes >= 0 else len(html)
    named = TAG_NAME.match(html, opens + 1)
    closes = html.find(">", opens)
    if closes < 0:
        return len(html)
    if named is None:  # a doctype, an instruction, or nothing that browsers know
        return closes + 1
    name, inside = named[1].lower(), html[named.end() : closes]
    if named[0].startswith("/"):
        writer.close(name)
    elif name in UNSEEN:
        end = low.find(f"</{name}", closes)
        # Without an end a browser would show nothing more, and neither do we.
        return (low.find(">", end) + 1 or len(html)) if end >= 0 else len(html)
    else:
        writer.open(name, inside[:4000])
    return closes + 1


class _Writer:
    """Lines as they grow."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.link = ""
        self.link_words: list[str] = []

    def say(self, raw: str) -> None:
        if not raw:
            return
        words = unescape(raw).replace("\u00ad", "").replace("\u200b", "")
        if self.link:
            self.link_words.append(words)
        self.line.append(words)

    def open(self, name: str, inside: str) -> None:
        if name == "br":
            self.end_line(is_break=True)
        elif name == "blockquote":
            self.end_line(apart=True)
            self.quotes += 1
        elif name == "a":
            found = HREF.search(inside)
            href = unescape(next((value for value in found.groups() if value), "") if found else "").strip()
            self.link, self.link_words = (href[:MAX_LINK] if SAFE_LINK.match(href) else ""), []
        elif name == "img" and (found := ALT.search(inside)):
            self.say(f" {found[1] or found[2] or ''} ")
        elif name in {"td", "th"}:
            self.line.append(" ")
        elif name in BLOCKS:
            self.end_line(apart=name in APART)
            if name == "li":
                self.line.append("- ")

    def close(self, name: str) -> None:
        if name == "a" and self.link:
            shown = "".join(self.link_words).strip()
            target = self.link.removeprefix("mailto:").removeprefix("tel:")
            self.link = ""
            if shown.removesuffix("/") != target.removesuffix("/"):
                self.line.append(f" <{target}>")
        elif name == "blockquote":
            self.end_line(apart=True)
            self.quotes = max(0, self.quotes - 1)
        elif name in BLOCKS:
            self.end_line(apart=name in APART)

    def end_line(self, *, apart: bool = False, is_break: bool = False) -> None:
        words = " ".join("".join(self.line).split())
        self.line = []
        if words:
            self.lines.append("> " * min(self.quotes, MAX_QUOTES) + words)
        if (apart or (is_break and not words)) and self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        self.end_line()
        return "\n".join(self.lines).strip()
