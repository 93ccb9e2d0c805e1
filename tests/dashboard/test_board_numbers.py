"""Numbers that nobody means, in every form that takes one."""

from __future__ import annotations

import re

import pytest
from board_branch import signed_in

PAGES = (
    "/shifts/shift/new",
    "/directory/new",
    "/drills/plans/new",
    "/resources/new",
    "/points/new",
    "/private-notes",
    "/follow-ups/rules/new",
    "/policies/new",
    "/playbooks/new",
    "/plan/floors/new",
    "/team/new",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_number_of_hundreds_of_digits_is_named_at_its_field(client, store, path) -> None:
    page = signed_in(client, "l01").get(path)
    assert page.status_code == 200
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', page.text))
    (token,) = set(re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page.text))
    typed = dict.fromkeys(names, "9" * 400) | {"csrf_token": token, "version": "0", "rows": "1"}
    typed.pop("row", None)
    assert client.post(path, data=typed).status_code in (200, 422)
