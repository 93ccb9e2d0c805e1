"""Every word is translated, and no page has words of its own."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from dashboard.pages import words
from protocol import messages

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "dashboard"
WORDS = DASHBOARD / "translations" / "zh_Hans" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[ds]|%%")


def test_every_word_of_the_code_is_translated():
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        DASHBOARD,
        method_map=methods,
        options_map=options,
        keywords={**DEFAULT_KEYWORDS, "_l": None},
    )
    wanted = {message for _file, _line, message, _comments, _context in found}
    have = {entry.id for entry in catalog() if entry.id}
    assert wanted - have == set(), "translate these: see babel.cfg"
    assert have - wanted == set(), "nobody says these any more"


def test_no_translation_is_missing_doubtful_or_without_its_placeholders():
    for entry in catalog():
        texts = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        if not entry.id:
            continue
        assert all(texts) and not entry.fuzzy, entry.id
        assert sorted(PLACEHOLDER.findall(texts[0])) == sorted(PLACEHOLDER.findall(ids[-1]))


def test_the_compiled_words_are_those_of_the_list():
    compiled = read_mo(io.BytesIO((WORDS / "messages.mo").read_bytes()))
    assert spoken(compiled) == spoken(catalog())


def spoken(words: Catalog) -> dict[str, str]:
    """{the English, of a plural its first form: the Chinese}."""
    return {first(one.id): first(one.string) for one in words if one.id}


def first(text: str | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def catalog() -> Catalog:
    with (WORDS / "messages.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


@pytest.mark.parametrize("path", sorted((DASHBOARD / "templates").glob("*.html")), ids=str)
def test_a_template_has_no_words_of_its_own(path: Path):
    text = path.read_text()
    names = r"\{% block (theme|scheme|body_class) %\}\w+"  # of style classes, not for people
    for pattern in (names, r"\{#.*?#\}", r"\{%.*?%\}", r"\{\{.*?\}\}", "°C"):
        text = re.sub(pattern, " ", text, flags=re.S)
    spoken = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', text)
    text = re.sub(r"<kbd>.*?</kbd>|<[^>]*>", " ", text, flags=re.S)
    own = [word for word in (text, *spoken) if re.search(r"[A-Za-z\u4e00-\u9fff]", word)]
    assert own == []


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (words.KINDS, messages.Kind),
        (words.KIND_HINTS, messages.Kind),
        (words.STAGES, messages.Stage),
        (words.FEEDBACK, messages.FeedbackStage),
        (words.LAMPS, messages.Lamp),
        (words.SOUNDERS, messages.Sounder),
        (words.LINES, messages.LineState),
        (words.PRESENCE, messages.Presence),
    ],
)
def test_every_name_of_the_protocol_has_words(table, names):
    assert set(table) == set(get_args(names))


def test_every_fault_of_the_manual_has_words():
    manual = (ROOT / "docs" / "operations.md").read_text()
    table = manual.split("## Faults and what to do")[1].split("\n## ")[0]
    names = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])
        if name not in ("broker", "gateway")
    }
    assert names and names <= set(words.FAULTS)
