"""One program to a database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from protocol.lock import AlreadyRunning, ProgramLock


def test_a_second_program_with_the_same_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unit-01.db"
    with ProgramLock(path), pytest.raises(AlreadyRunning, match=r"unit-01\.db\.lock.*stop it"):
        ProgramLock(path).__enter__()
    with ProgramLock(path):
        assert (tmp_path / "unit-01.db.lock").exists(), "free again"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_disk_that_cannot_be_written_needs_no_lock(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with ProgramLock(tmp_path / "unit-01.db"):
        assert not (tmp_path / "unit-01.db.lock").exists()
