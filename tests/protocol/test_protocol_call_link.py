"""The signed link: what is in it, and that nobody else can make one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.call_link import MAX_CHARACTERS, CallLink, LinkInvalid, action_id, read, sign

KEY, OTHER = "k" * 64, "o" * 64
LINK = CallLink(
    incident_id="20261124-081530-abcdef012345", staff="g01", expires_ms=1_795_000_000_000
)


def test_what_was_signed_is_read_and_the_same_link_is_the_same_token() -> None:
    token = sign(KEY, LINK)
    assert read(KEY, token) == LINK
    assert sign(KEY, LINK) == token
    assert len(token) < 160, "it has to fit into a text message"
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@pytest.mark.parametrize("token", ["", ".", "x", "x" * (MAX_CHARACTERS + 1), "铃.铃", "\udc80"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(LinkInvalid):
        read(KEY, token)


def test_another_branchs_link_is_refused() -> None:
    with pytest.raises(LinkInvalid):
        read(KEY, sign(OTHER, LINK))


@given(place=st.integers(0, len(sign(KEY, LINK)) - 1), letter=st.sampled_from("AZaz09-_."))
def test_a_token_with_another_letter_says_nothing_else(place: int, letter: str) -> None:
    token = sign(KEY, LINK)
    changed = token[:place] + letter + token[place + 1 :]
    try:
        assert read(KEY, changed) == LINK, "the last letter holds bits that do not count"
    except LinkInvalid:
        assert changed != token


def test_expired_is_from_the_moment_it_names() -> None:
    assert not LINK.is_expired(LINK.expires_ms - 1)
    assert LINK.is_expired(LINK.expires_ms)


def test_each_person_has_one_action_by_a_token() -> None:
    token = sign(KEY, LINK)
    ids = {action_id(token, "g01"), action_id(token, "g02"), action_id(token + "x", "g01")}
    assert len(ids) == 3
    assert all(len(one) <= 64 for one in ids)
    assert action_id(token, "g01") == action_id(token, "g01")
