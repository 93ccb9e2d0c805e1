"""The documentation keeps up with the code: what others rely on is written down."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from dashboard.config import BoardConfig
from firmware.config import UnitConfig
from gateway.config import GatewayConfig
from protocol import messages
from protocol.topics import SHAPES

ROOT = Path(__file__).parent.parent
CONTRACT = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
MESSAGES = [
    kind
    for kind in vars(messages).values()
    if dataclasses.is_dataclass(kind) and kind.__module__ == messages.__name__
]


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_every_field_of_every_message_is_in_the_contract(kind):
    missing = [f.name for f in dataclasses.fields(kind) if f"`{f.name}`" not in CONTRACT]
    assert not missing


@pytest.mark.parametrize("shape", SHAPES.values())
def test_every_topic_is_in_the_contract(shape):
    pattern = re.escape(shape).replace(re.escape("+"), r"\{\w+\}")
    assert re.search(f"`{pattern}`", CONTRACT)


@pytest.mark.parametrize("words", [messages.What, messages.Stage, messages.ActionName])
def test_every_word_of_the_messages_is_in_the_contract(words):
    missing = [word for word in get_args(words) if f"`{word}`" not in CONTRACT]
    assert not missing


def test_every_link_between_the_documents_leads_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("systemd/*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken


CONFIGURATIONS = [UnitConfig, GatewayConfig, BoardConfig]


def keys_of(kind: type) -> set[str]:
    """Every key of a configuration, with those of its tables."""
    keys = set()
    for name, hint in get_type_hints(kind).items():
        keys.add(name)
        for inner in (hint, *get_args(hint)):
            if dataclasses.is_dataclass(inner):
                keys |= keys_of(inner)
    return keys


@pytest.mark.parametrize("kind", CONFIGURATIONS, ids=lambda kind: kind.__name__)
def test_every_key_of_every_configuration_is_written_down(kind):
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    missing = [key for key in keys_of(kind) if not re.search(rf"\b{key}\b", text)]
    assert not missing
