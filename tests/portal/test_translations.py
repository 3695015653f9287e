"""Every word that people outside the company read stands in every language, and is compiled."""

import ast
import csv
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
PUBLIC_TEMPLATES = [
    *sorted(TEMPLATES.glob("*.html")),
    *sorted((TEMPLATES / "portal").rglob("*.html")),
    *sorted((TEMPLATES / "requests").rglob("*.html")),
    *sorted(path for path in (TEMPLATES / "notices").rglob("*") if path.is_file()),
]
PUBLIC_MODULES = [
    *sorted((ROOT / "portal").rglob("*.py")),
    ROOT / "inventory" / "personal.py",
    ROOT / "inventory" / "spoken.py",
    ROOT / "notices" / "personal.py",
    ROOT / "people" / "cleaning.py",
    ROOT / "people" / "personal.py",
    ROOT / "requests" / "saying" / "closing.py",
    ROOT / "requests" / "proving" / "documents.py",
    ROOT / "requests" / "erasing" / "keepers.py",
    ROOT / "requests" / "personal.py",
    ROOT / "requests" / "copies" / "reading.py",
    ROOT / "requests" / "saying" / "reasons.py",
    ROOT / "requests" / "copies" / "withheld.py",
    ROOT / "processors" / "public_list" / "words.py",
]

Catalog = dict[str, list[str]]


def po(language: str) -> str:
    return (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").read_text()


def catalog(language: str) -> Catalog:
    """A reader of .po files: message (with its context) → translation, or its plural forms."""
    entries: Catalog = {}
    for paragraph in po(language).split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            head, quoted = re.fullmatch(r'(msg[\w\[\]]+ )?(".*")', line).groups()
            name = head.strip() if head else name
            fields[name] = fields.get(name, "") + ast.literal_eval(quoted)
        context = f"{fields['msgctxt']}\x04" if "msgctxt" in fields else ""
        entries[context + fields["msgid"]] = [
            text for key, text in fields.items() if key.startswith("msgstr")
        ]
    return entries


def said_in_templates() -> Iterator[str]:
    for path in PUBLIC_TEMPLATES:
        nodes: Any = Engine.get_default().from_string(path.read_text()).nodelist
        for node in nodes.get_nodes_by_type(TranslateNode):
            yield node.filter_expression.var.literal
        for node in nodes.get_nodes_by_type(BlockTranslateNode):
            message, _names = node.render_token_list(node.singular)
            yield " ".join(message.split()) if node.trimmed else message


def said_in_modules() -> Iterator[str]:
    for path in PUBLIC_MODULES:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                words = [str(argument.value) for argument in call.args if isinstance(argument, ast.Constant)]
                if call.func.id == "_":
                    yield words[0]
                elif call.func.id == "pgettext":
                    yield f"{words[0]}\x04{words[1]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_word_is_translated(language: str) -> None:
    entries = catalog(language)
    said = {*said_in_templates(), *said_in_modules()}
    assert len(said) > 100
    assert sorted(said - set(entries)) == []
    assert [message for message, texts in entries.items() if not all(texts)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_waits_for_a_check(language: str) -> None:
    assert not re.search(r"^#.*fuzzy|^#~", po(language), re.MULTILINE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_words_are_those_that_were_written(language: str) -> None:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as compiled:
        words = gettext.GNUTranslations(compiled)
    for message, texts in catalog(language).items():
        if message and len(texts) == 1:
            assert words._catalog[message] == texts[0]  # type: ignore[attr-defined]
        elif message:
            assert [words._catalog[message, form] for form in range(len(texts))] == texts  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_every_gap_of_the_original(language: str) -> None:
    gaps = re.compile(r"%\(\w+\)s|%[sd]|\{\w+\}|</?\w+>")
    for message, texts in catalog(language).items():
        for text in texts if message else ():
            wanted = gaps.findall(message)
            if len(texts) == 1:
                assert sorted(gaps.findall(text)) == sorted(wanted), message
            else:
                assert set(gaps.findall(text)) >= set(wanted), message


def test_spanish_mails_say_what_the_house_agreed_on() -> None:
    with translation.override("es"):
        assert translation.gettext("See what changes") == "Ver qué cambia"
        assert translation.gettext("See the changes and your choices") == "Ver los cambios y sus opciones"
        assert (
            translation.gettext("From %(effective_on)s we do these things differently:")
            == "A partir del %(effective_on)s haremos esto de otra manera:"
        )


# What a reader of that language sees as a slip: French parts its double signs by a space that no line ends in,
# German opens quotations below, Spanish opens questions and sets its guillemets close.
SLIPS = {
    "fr": r" [:;?!»%]|« |[\w)][;?!»](?!\w)|\w:(?=\s|$)|«\w|[“”„\"]",
    "de": r"[«»”]|[\w)] [:;?!]|„[^“]*$|„ | “",
    "es": r"« | »|[“”„]|^[^¿]*\?|^[^¡]*!|[\w)] [:;?!]",
}
MARKUP = re.compile(r"<[^>]*>|%(?:\(\w+\))?[sd]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_signs_stand_as_that_language_sets_them(language: str) -> None:
    said = [text for texts in catalog(language).values() for text in texts]
    letters = ROOT / "requests" / "saying" / "data"
    said += [path.read_text() for path in sorted(letters.rglob(f"*.{language}.txt"))]
    with (letters / "grounds.csv").open(encoding="utf-8", newline="") as file:
        said += [row[language] for row in csv.DictReader(file)]
    plain = [line for text in said[1:] for line in MARKUP.sub("X", text).splitlines()]
    assert [line for line in plain if re.search(SLIPS[language], line)] == []
