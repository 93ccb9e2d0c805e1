"""The outbox on a real disk: what is written is there again, and damage stops nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firmware.errors import OutboxDamaged, OutboxError
from firmware.events import Remembered, Save
from firmware.outbox import Outbox
from firmware.outgoing import Unsent
from firmware.point import Memory
from protocol.messages import Alert


def unsent(number: int) -> Unsent:
    alert = Alert(
        alert_id=f"id-{number}",
        point="point-1",
        what="pressed",
        boot="boot-1",
        seq=number,
        wall="2026-11-24T00:00:00.000Z",
        drill=True,
    )
    return Unsent(alert, number * 10)


def kept(*numbers: int) -> tuple[Unsent, ...]:
    return tuple(replace(unsent(number), storage="kept") for number in numbers)


MEMORY = Memory(
    point="point-1", press="held", since_ms=-5, boot="boot-1", occupied=True, faulty=True
)
SAVE = Save(
    add=(unsent(1), unsent(2)),
    memories=(MEMORY,),
    session=3,
    boot="boot-1",
    seq=2,
    dropped=4,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "unit-01.db"


def opened(path: Path) -> tuple[Outbox, Remembered]:
    outbox = Outbox(path)
    return outbox, outbox.open()


def test_a_new_outbox_is_empty_and_its_folder_is_made(path):
    outbox, found = opened(path)
    outbox.close()
    assert found == Remembered()


def test_what_was_written_is_there_after_a_crash(path):
    """The first outbox is never closed, as after SIGKILL."""
    crashed, _ = opened(path)
    crashed.write(SAVE)
    outbox, found = opened(path)
    assert found == Remembered(
        unsent=kept(1, 2),
        memories={"point-1": MEMORY},
        session=3,
        boot="boot-1",
        seq=2,
        dropped=4,
    )
    outbox.close()
    crashed.close()


def test_alerts_are_kept_once_in_their_order_and_forgotten(path):
    outbox, _ = opened(path)
    outbox.write(Save(add=(unsent(2), unsent(1))))
    outbox.write(Save(add=(unsent(2), unsent(3)), forget=("id-1", "nobody")))
    outbox.close()
    outbox, found = opened(path)
    assert found.unsent == kept(2, 3)
    outbox.close()


def test_every_commit_reaches_the_disk(path):
    outbox, _ = opened(path)
    pragma = {name: outbox._db.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    outbox.close()
    assert pragma == PRAGMAS


PRAGMAS = {"synchronous": 2, "journal_mode": "wal", "busy_timeout": 1000}


def test_a_failed_write_leaves_nothing_behind(path):
    outbox, _ = opened(path)
    bad = replace(MEMORY, press="pushed")
    with pytest.raises(OutboxError):
        outbox.write(Save(add=(unsent(1),), memories=(bad,)))
    assert not outbox.is_open
    assert outbox.open().unsent == ()
    outbox.close()


@pytest.mark.parametrize(
    "content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 8000]
)
def test_a_file_that_is_no_database_is_moved_aside(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    outbox = Outbox(path)
    with pytest.raises(OutboxDamaged):
        outbox.open()
    aside = outbox.move_aside(1_795_478_400_123)
    assert aside.name == "unit-01.db.damaged-20261124T000000123000Z"
    assert aside.read_bytes() == content
    assert outbox.open() == Remembered()
    outbox.close()


def test_a_damaged_page_is_found_when_opening(path):
    outbox, _ = opened(path)
    outbox.write(Save(add=tuple(unsent(number) for number in range(200))))
    outbox.close()
    content = bytearray(path.read_bytes())
    content[8192:16_384] = b"\x5a" * 8192
    path.write_bytes(content)
    with pytest.raises(OutboxDamaged):
        Outbox(path).open()


def test_a_database_of_another_program_is_not_written_to(path):
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE photos (name TEXT)")
    db.commit()
    db.close()
    with pytest.raises(OutboxDamaged):
        Outbox(path).open()


def test_an_outbox_without_its_tables_is_damaged(path):
    outbox, _ = opened(path)
    outbox.close()
    db = sqlite3.connect(path)
    db.execute("DROP TABLE points")
    db.close()
    with pytest.raises(OutboxDamaged):
        outbox.open()


def test_a_locked_database_is_an_error_that_can_heal(path):
    outbox, _ = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutboxError) as caught:
        outbox.write(SAVE)
    assert not isinstance(caught.value, OutboxDamaged)
    other.execute("ROLLBACK")
    other.close()
    outbox.open()
    outbox.write(SAVE)
    outbox.close()


def test_a_full_disk_is_an_error_that_can_heal(path):
    outbox, _ = opened(path)
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match="full") as caught:
        outbox.write(Save(add=tuple(unsent(number) for number in range(500))))
    assert not isinstance(caught.value, OutboxDamaged)
    assert outbox.open().unsent == ()
    outbox.write(SAVE)
    outbox.close()


def test_a_folder_that_cannot_be_made_is_an_error_that_can_heal(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    outbox = Outbox(tmp_path / "state" / "unit-01.db")
    with pytest.raises(OutboxError) as caught:
        outbox.open()
    assert not isinstance(caught.value, OutboxDamaged)
    assert outbox.peek() == Remembered()


def test_a_disk_that_can_only_be_read_still_gives_what_it_holds(path):
    writer, _ = opened(path)
    writer.write(SAVE)
    writer.close()
    assert Outbox(path).peek().unsent == kept(1, 2)


def test_importing_the_unit_does_not_load_what_it_has_no_use_for():
    """A Pi Zero starts slowly enough."""
    code = "import sys, firmware.main; print([m for m in NAMES if m in sys.modules])"
    names = ["flask", "sqlite_utils", "apprise", "asyncio", "gateway", "dashboard", "lgpio"]
    found = subprocess.run(
        [sys.executable, "-c", f"NAMES = {names}; {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"
