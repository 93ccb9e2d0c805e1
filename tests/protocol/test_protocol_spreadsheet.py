"""No cell of a CSV is a formula, and every text comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.spreadsheet import guarded, unguarded

texts = st.text(st.sampled_from("=+-@'\t\r\nab，＝1")) | st.text()


@given(texts)
def test_every_text_comes_back_as_it_was(text):
    assert unguarded(guarded(text)) == text


@given(texts)
def test_no_cell_begins_as_a_formula(text):
    assert not guarded(text).startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    )


@pytest.mark.parametrize("text", ["", "王芳", "2026-11-24", "a=b", '{"a":1}'])
def test_what_is_no_formula_stays_as_it_is(text):
    assert guarded(text) == text
