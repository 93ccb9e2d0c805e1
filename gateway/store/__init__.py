"""The branch's memory: one SQLite database, written by the gateway, read by the board.

The only importer of sqlite-utils. `Writer` is the gateway's; `Reader` is read-only and anybody's.
"""

from gateway.store.reader import Reader
from gateway.store.records import (
    ChannelRecord,
    Clocks,
    NoticeRecord,
    PointRecord,
    Rejected,
    ResponseTime,
    StaffRecord,
    UnitRecord,
    Work,
)
from gateway.store.writer import Writer

__all__ = [
    "ChannelRecord",
    "Clocks",
    "NoticeRecord",
    "PointRecord",
    "Reader",
    "Rejected",
    "ResponseTime",
    "StaffRecord",
    "UnitRecord",
    "Work",
    "Writer",
]
