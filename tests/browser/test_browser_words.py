"""Every word is translated, and no page has words of its own."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog, Message
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
        keywords={**DEFAULT_KEYWORDS, "_l": None, "lazy_pgettext": ((1, "c"), 2)},
    )
    wanted = {(message, context) for _file, _line, message, _comments, context in found}
    have = {(entry.id, entry.context) for entry in catalog() if entry.id}
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


def spoken(words: Catalog) -> dict[tuple[str | None, str], str]:
    """{(context, the English, of a plural its first form): the Chinese}."""
    return {(context(one), first(one.id)): first(one.string) for one in words if one.id}


def context(one: Message) -> str | None:
    """Babel leaves the context as bytes when it reads a .mo file."""
    return one.context.decode() if isinstance(one.context, bytes) else one.context


@pytest.mark.parametrize("folder", ["dashboard", "gateway", "simulator"])
@pytest.mark.parametrize(
    ("never", "but"),
    [
        ("摔倒", "跌倒"),
        ("值班负责人", "值班主管"),
        ("接受人", "接单人"),
        ("已结束 Closed", "已关闭"),
        ("已接受", "已接单"),
        ("待办", "后续事项"),
        ("跟进事项", "后续事项"),
        ("误按", "误触"),
        ("误报", "误触"),
        ("看板", "大屏"),
        ("无声报警", "静默呼叫"),
    ],
)
def test_one_thing_has_one_name_on_board_phone_and_notices(folder, never, but):
    files = [
        path
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".po", ".py", ".toml", ".html", ".js")
    ]
    found = [path.name for path in files if never in path.read_text(encoding="utf-8")]
    assert len(files) > 3 and found == [], f"say {but}"


@pytest.mark.parametrize(
    ("about", "english", "chinese"),
    [
        ("branch", "Open", "营业中"),
        (None, "Open", "处理中"),
        (None, "Ready to open", "可以开门"),
        (None, "Ready", "待命"),
        ("button", "Done", "完成"),
        (None, "Done", "已完成"),
        ("of a thing", "Name", "名称"),
        (None, "Name", "姓名"),
        ("follow-up", "Until", "完成期限"),
        (None, "Until", "结束时间"),
    ],
)
def test_a_word_that_means_two_things_has_two_translations(about, english, chinese):
    assert spoken(catalog())[about, english] == chinese


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
