"""What the sheet of a point says, and what that of a silent one must not."""

from __future__ import annotations

import segno
from board_branch import signed_in
from seeded import put

from gateway.store import PointRecord, Work


def test_the_code_is_the_address_of_its_point(client) -> None:
    page = signed_in(client, "g01").get("/posters/point-1").text
    code = segno.make_qr("http://localhost/at/point-1", error="q")
    assert code.svg_inline(border=4, omitsize=True) in page


def test_a_silent_point_shows_customers_nothing(client, store) -> None:
    vault = PointRecord(point="vault", label="Vault", unit="unit-01", silent=True)
    put(store, Work(points={"vault": vault}))
    page = signed_in(client, "g01").get("/posters/vault?lang=en").text
    assert "Press the button" not in page and "poster-light" not in page
    assert "hang no sign for customers" in page


def test_who_is_not_signed_in_is_asked_to_and_comes_back(client) -> None:
    reply = client.get("/at/point-1")
    assert reply.headers["Location"].startswith("/sign-in?next=/at/point-1")
