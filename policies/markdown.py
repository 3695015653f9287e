"""Markdown as policies use it: shown as safe HTML, and read block by block for comparison.

No HTML passes through: what an author types as a tag is shown as typed. `nh3` sees the result
all the same, so that a fault in the renderer is not a hole in the page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import nh3
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from audit.text import clean_block

# Beyond these a text is not a policy but an accident or an attack. Within them the slowest text
# we could build parses in about a second, and most texts of 2 MB in a fifth of one.
BYTES_LIMIT = 2_000_000
LINE_LIMIT = 1_000_000
LINES_LIMIT = 20_000
HEADINGS_LIMIT = 10_000
SIGNS_LIMIT = 100_000
NESTING_LIMIT = 20
# The parser drops, in silence, what is nested deeper than this, so `check_limits` stops well before.
PARSER_NESTING = 60

# fmt: off
_TAGS = {
    "a", "blockquote", "br", "caption", "code", "div", "em", "h2", "h3", "h4", "h5", "h6",
    "hr", "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}
# fmt: on
_ATTRIBUTES = {
    "a": {"href"},
    "caption": {"class", "id"},
    "div": {"class", "role", "tabindex", "aria-labelledby"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class", "scope"},
}


class _Plain(RendererHTML):
    """Words only: a picture is shown by its description, for a policy is read, not looked at."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return escape(tokens[idx].content)


_parser = MarkdownIt(
    "commonmark", {"html": False, "linkify": False, "maxNesting": PARSER_NESTING}, renderer_cls=_Plain
).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """`title` is the heading the text opens with, left out of `html`: the page's h1 shows it."""

    html: SafeString
    contents: tuple[Heading, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One passage as a reader sees it, its whitespace collapsed.

    `kind` is paragraph, heading, item, quote, row or code; `level` is the heading's 1 to 6, the
    item's depth in lists, 1 for a table's head."""

    kind: str
    level: int
    text: str


def parse(markdown: str) -> list[Token]:
    return _parser.parse(markdown)


# Texts are frozen, so their pages are too; a handful of versions is what visitors read.
@lru_cache(maxsize=32)
def render(markdown: str) -> Rendered:
    tokens = parse(markdown)
    title = _take_title(tokens)
    contents = _settle_headings(tokens, first=2)
    html = nh3.clean(
        _parser.renderer.render(list(_with_regions(tokens, contents)), _parser.options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"https", "mailto"},
        link_rel="noopener",
    )
    return Rendered(mark_safe(html), contents, title)  # noqa: S308 (nh3 has just cleaned it)


def _take_title(tokens: list[Token]) -> str:
    if not tokens or tokens[0].type != "heading_open" or tokens[0].tag != "h1":
        return ""
    title = visible(tokens[1], links=False)
    if title:
        del tokens[:3]
    return title


def _settle_headings(tokens: list[Token], *, first: int) -> tuple[Heading, ...]:
    """Give each heading its anchor, and levels that start at `first` and skip none on the way down."""
    opens = [index for index, token in enumerate(tokens) if token.type == "heading_open"]
    shift = first - min((int(tokens[index].tag[1]) for index in opens), default=first)
    contents: list[Heading] = []
    anchors = _Anchors()
    for index in opens:
        wanted = int(tokens[index].tag[1]) + shift
        level = min(wanted, contents[-1].level + 1 if contents else first, 6)
        title = visible(tokens[index + 1], links=False)
        contents.append(Heading(level, anchors.for_title(title), title))
        tokens[index].tag = tokens[index + 2].tag = f"h{level}"
        tokens[index].attrSet("id", contents[-1].anchor)
    return tuple(contents)


class _Anchors:
    """Names for sections that stay the same whatever is edited elsewhere.

    None begins with an underscore: those are the page's own."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.last: dict[str, int] = {}

    def for_title(self, title: str) -> str:
        words = re.sub(r"[^\w\s-]", "", title.lower())
        slug = re.sub(r"[\s-]+", "-", words)[:80].strip("-_") or "section"
        anchor, number = slug, self.last.get(slug, 1)
        while anchor in self.taken:
            number += 1
            anchor = f"{slug}-{number}"
        self.last[slug] = number
        self.taken.add(anchor)
        return anchor


def _with_regions(tokens: list[Token], contents: tuple[Heading, ...]) -> Iterator[Token]:
    """Each table in a scroll region that the keyboard can reach, named by its caption."""
    headings, title, number = iter(contents), "", 0
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            title = next(headings).title
        elif token.type == "table_open":
            number += 1
            yield _raw(f'<div class="scroll" role="region" tabindex="0" aria-labelledby="_table-{number}">')
            yield token
            caption = title or _columns(tokens, index)
            yield _raw(f'<caption class="visually-hidden" id="_table-{number}">{escape(caption)}</caption>\n')
            continue
        elif token.type in ("th_open", "td_open"):
            _align(token)
        yield token
        if token.type == "table_close":
            yield _raw("</div>\n")


def _raw(html: str) -> Token:
    return Token("html_block", "", 0, content=html)


def _columns(tokens: list[Token], table: int) -> str:
    """The head of a table that stands under no heading, to name it by."""
    cells = []
    for token in tokens[table:]:
        if token.type == "thead_close":
            break
        if token.type == "inline":
            cells.append(visible(token, links=False))
    return ", ".join(filter(None, cells)) or "…"


def _align(cell: Token) -> None:
    # The parser writes a style attribute, which the content security policy forbids.
    style = str(cell.attrs.pop("style", ""))
    if style:
        cell.attrs["class"] = style.removeprefix("text-align:")
    if cell.type == "th_open":
        cell.attrs["scope"] = "col"


def blocks(markdown: str) -> list[Block]:
    """The visible text, passage by passage; a link's target counts as visible, formatting does not."""
    return [block for block in _blocks(parse(markdown)) if block.text]


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    depth = quotes = 0
    opens_item = False
    row: list[str] = []
    head = 0
    for index, token in enumerate(tokens):
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
            case "blockquote_open" | "blockquote_close":
                quotes += token.nesting
            case "list_item_open":
                opens_item = True
            case "thead_open" | "thead_close":
                head += token.nesting
            case "tr_open":
                row = []
            case "tr_close":
                yield Block("row", head, " | ".join(row))
            case "fence" | "code_block":
                yield Block("code", 0, squeeze(token.content))
            case "inline":
                before = tokens[index - 1]
                if before.type in ("th_open", "td_open"):
                    row.append(visible(token))
                elif before.type == "heading_open":
                    yield Block("heading", int(before.tag[1]), visible(token))
                elif depth and opens_item:
                    yield Block("item", depth, visible(token))
                    opens_item = False
                else:
                    yield Block("quote" if quotes else "paragraph", 0, visible(token))


def visible(inline: Token, *, links: bool = True) -> str:
    """What a reader sees of a line of text. With `links`, each target follows its words, so that
    a changed target is a visible change; struck-out words keep their marks, for they mean less."""
    parts: list[str] = []
    target, start = "", 0
    for child in inline.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                parts.append(" ")
            case "s_open" | "s_close":
                parts.append("~~")
            case "link_open":
                target, start = str(child.attrs.get("href", "")), len(parts)
            case "link_close" if links and not _says(target, "".join(parts[start:])):
                parts.append(f" ({target})")
            case _:
                parts.append(child.content)
    return squeeze("".join(parts))


def _says(target: str, words: str) -> bool:
    """Whether the words are the address itself."""
    return words in (target, target.removeprefix("mailto:"))


# What takes no room on the page, so that it cannot make a change: soft hyphen, zero-width signs.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")


def squeeze(text: str) -> str:
    return " ".join(_INVISIBLE.sub("", text).split())


def check_limits(markdown: str) -> None:
    """Raises ValidationError in plain words for a text too large or too tangled to show and compare."""
    _allow("bytes", len(markdown.encode("utf-8", "surrogatepass")), BYTES_LIMIT)
    lines = markdown.split("\n")
    _allow("lines", len(lines), LINES_LIMIT)
    _allow("characters in one line", max(map(len, lines)), LINE_LIMIT)
    _allow("Markdown signs such as * [ | <", len(_SIGNS.findall(markdown)), SIGNS_LIMIT)
    tokens = parse(markdown)
    _allow("headings", sum(token.type == "heading_open" for token in tokens), HEADINGS_LIMIT)
    if max((token.level for token in tokens), default=0) > NESTING_LIMIT:
        raise ValidationError(
            "Lists or quotations stand too deep inside one another: use fewer levels.", code="too_deep"
        )


_SIGNS = re.compile(r"[][*_~`<>&!|\\]")


def _allow(what: str, found: int, limit: int) -> None:
    if found > limit:
        raise ValidationError(
            f"This text is too large: {found:,} {what}; use {limit:,} at most.", code="too_large"
        )


def clean_markdown(text: str) -> str:
    """One canonical form, so that the same words always have the same fingerprint: NFC, \\n, no blanks
    at line ends but Markdown's own hard break, nothing invisible, none of the tags Word leaves behind.

    Raises ValidationError in plain words for what cannot be stored or would deceive the eye."""
    text = clean_block(_without_word(text), BYTES_LIMIT)
    lines = (re.sub(r"(?<=\S)( {2})?[ \t]*$", r"\1", line) for line in text.split("\n"))
    return "".join(f"{line if line.strip() else ''}\n" for line in lines).rstrip("\n") + "\n"


# What Word and Outlook leave in pasted text. Word's own namespaces only: <https://…> is Markdown.
_WORD = re.compile(
    r"<!--\[if[^\]]{0,200}\](?:--)?>.{0,5000}?<!(?:--)?\[endif\]-->"
    r"|<!(?:--)?\[(?:if[^\]]{0,200}|endif)\](?:--)?>"
    r"|<\?xml[^<>]{0,500}>"
    r"|</?(?:o|w|m|v|st1):[a-z][^<>]{0,500}>"
    r"|<(?P<lost>del|style)\b[^<>]{0,500}>[^<]{0,5000}</(?P=lost)>"
    r"|</?(?:span|font|ins)\b[^<>]{0,500}>"
    r"|</?(?:p|div|b|i|u|a)\b[^<>]{0,500}\b(?:mso-|Mso)[^<>]{0,500}>",
    re.IGNORECASE | re.DOTALL,
)


def _without_word(text: str) -> str:
    text = text.replace("\x0b", "\n").replace("\x0c", "\n").replace("\u00a0", " ").replace("&nbsp;", " ")
    return _WORD.sub("", text)


_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?:.*\r?\n)*?---[ \t]*(?:\r?\n|\Z)")


def strip_front_matter(text: str) -> str:
    """The text without the settings between two lines of --- that site generators put on top."""
    return _FRONT_MATTER.sub("", text, count=1)


_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{0,200}\}{0,2}|\{%[^{}\n]{0,200}%\}"
    r"|\$\{[^{}\n]{1,100}\}"
    # A word in braces; not after a letter or sign, where CSS and mathematics put theirs.
    r"|(?<![\w\\{}^$])\{ ?(?:[A-Za-z_][\w.]+|n) ?\}"
    r"|(?<![\w%])%(?:\([A-Za-z_]\w*\))?[sd]\b"
    r"|\{greeting\}"  # our own, which a mail must hold once, stands after a word (notices.letters)
)


def find_placeholders(text: str) -> list[str]:
    """Gaps that somebody forgot to fill, such as {name}, {{ name }}, %s: each once, in order."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))
