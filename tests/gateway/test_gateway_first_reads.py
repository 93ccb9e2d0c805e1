"""A program whose first questions come all at once, as when fifty screens find it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Every kind of record and message, each read for the first time by eight threads together.
AT_ONCE = """
import sys, threading
from contextlib import suppress
from dataclasses import is_dataclass
import msgspec
from gateway.store import KINDS
from gateway.store.desk_rows import read_records
from protocol import messages

sys.setswitchinterval(1e-6)
wire = [one for one in vars(messages).values() if isinstance(one, type) and is_dataclass(one)]

def read_all(start):
    start.wait()
    for kind in KINDS:
        with suppress(msgspec.MsgspecError):
            read_records([(kind, "id", 1, 1, "", "", None, None, None, "{}")])
    for kind in wire:
        with suppress(messages.MessageError):
            messages.decode(kind, b"{}")

start = threading.Barrier(8)
threads = [threading.Thread(target=read_all, args=(start,)) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
"""


def test_first_reads_that_come_at_once_do_not_end_the_program():
    """msgspec crashes when threads meet a dataclass that one of them is just teaching it."""
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ROOT, timeout=60, check=False)
        assert done.returncode == 0
