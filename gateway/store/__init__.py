"""The branch's memory: one SQLite database, written by the gateway, read by the board.

The only importer of sqlite-utils. `Writer` is the gateway's; `Reader` is read-only and anybody's.
"""

from gateway.desk.plans import LEADS
from gateway.desk.record import Record
from gateway.desk.rooms import KINDS, SECRET, is_for_leads
from gateway.store.desk_reports import (
    ComplaintLine,
    DeskReports,
    FollowupLine,
    ListLine,
    WalkLine,
)
from gateway.store.reader import Reader
from gateway.store.records import (
    ChannelRecord,
    Clocks,
    Judged,
    NoticeRecord,
    PointRecord,
    Rejected,
    ResponseTime,
    StaffRecord,
    UnitRecord,
    Work,
)
from gateway.store.report_lines import CrewMember, ReportLine
from gateway.store.reports import FaultEvent, NoticeCount, Reports
from gateway.store.vault import Vault, key_path
from gateway.store.writer import HEARD_ON_DUTY, Writer

__all__ = [
    "HEARD_ON_DUTY",
    "KINDS",
    "LEADS",
    "SECRET",
    "ChannelRecord",
    "Clocks",
    "ComplaintLine",
    "CrewMember",
    "DeskReports",
    "FaultEvent",
    "FollowupLine",
    "Judged",
    "ListLine",
    "NoticeCount",
    "NoticeRecord",
    "PointRecord",
    "Reader",
    "Record",
    "Rejected",
    "ReportLine",
    "Reports",
    "ResponseTime",
    "StaffRecord",
    "UnitRecord",
    "Vault",
    "WalkLine",
    "Work",
    "Writer",
    "is_for_leads",
    "key_path",
]
