"""mosquitto's side of a branch: its configuration, who may say what, and the passwords."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
from pathlib import Path

from protocol.topics import Topics
from simulator.plan import PAGER, Plan

PASSWORDS = "mosquitto.passwords"
ACCESS = "mosquitto.acl"
CONFIG = "mosquitto.conf"

# What mosquitto itself uses: PBKDF2 with SHA-512, 12 bytes of salt, 64 of hash.
# Source: mosquitto 2.0, lib/util_mosq.h and src/password_mosq.c.
ROUNDS = 101
SALT_BYTES = 12


def config_file(*, branch: str, port: int, guarded_in: Path | None) -> str:
    """`mosquitto.conf` for mosquitto 2, to be run as it is or included by the system's own.

    guarded_in: folder of the files with passwords and rights; None: a simulated branch.
    """
    door = _open_door() if guarded_in is None else _guarded_door(guarded_in)
    address = "127.0.0.1" if guarded_in is None else "0.0.0.0"
    return f"""\
# The broker of branch {branch}, for mosquitto 2.
listener {port} {address}
{door}
# Without this, answers wait up to 40 ms for company (Nagle's algorithm).
set_tcp_nodelay true
# A storm of calls must neither lose messages here (the default keeps 1000 for each program) nor be
# dealt out 20 at a time: the gateway stores in one go what arrives together. Not 0 for the first:
# mosquitto 2.0.11 then throws out whoever says one thing it may not.
max_queued_messages 100000
max_inflight_messages 0
# Anling's own messages have at most 64 KiB. The gateway records what is larger as rejected; a
# sender of more than this is cut off.
max_packet_size 2097152
# Nothing here has to survive: a unit sends again until the gateway's receipt, and whoever connects
# says its whole state anew. A broker that remembered would only bring back what is over.
persistence false
"""


def _open_door() -> str:
    lines = ["# A simulated branch: only this machine can connect, and anybody on it may.\n"]
    lines.append("allow_anonymous true\n")
    if os.geteuid() == 0:
        # mosquitto would become its own user and lose the order to end with the demo, which the
        # kernel takes away from a process that changes its user (prctl(2), PR_SET_PDEATHSIG).
        lines.append("user root\n")
    return "".join(lines)


def _guarded_door(folder: Path) -> str:
    return f"""\
# Every program has a name, a password and its rights.
allow_anonymous false
password_file {folder / PASSWORDS}
acl_file {folder / ACCESS}
"""


def access_file(plan: Plan) -> str:
    """`mosquitto.acl`: what each program may say and hear; everything else is refused."""
    topics = Topics(plan.branch)
    blocks = [
        _rights("gateway", *_gateway_rights(topics)),
        _rights("board", *_board_rights(topics)),
    ]
    blocks.append(_rights(PAGER, [], [topics.build("pager")]))
    blocks += [_rights(unit, *_unit_rights(plan, topics, unit)) for unit in plan.units]
    head = f"# Who may say (write) and hear (read) what in branch {plan.branch}.\n"
    return head + "".join(blocks)


def _rights(user: str, writes: list[str], reads: list[str]) -> str:
    lines = [f"topic write {topic}" for topic in writes] + [
        f"topic read {topic}" for topic in reads
    ]
    return "\n".join(["", f"user {user}", *lines, ""])


def _gateway_rights(topics: Topics) -> tuple[list[str], list[str]]:
    writes = ("receipt", "feedback", "incident", "result", "gateway_status", "faults", "pager")
    reads = ("alert", "unit_status", "action", "request", "terminal_status", "terminal_event")
    return (
        [topics.build(name) for name in writes],
        # It hears its own status to know that its connection carries both ways.
        [topics.build(name) for name in (*reads, "gateway_status")],
    )


def _board_rights(topics: Topics) -> tuple[list[str], list[str]]:
    writes = [topics.build(name) for name in ("action", "request")]
    writes += [topics.build(name, "board") for name in ("terminal_status", "terminal_event")]
    reads = ("incident", "unit_status", "gateway_status", "faults", "feedback")
    own = ("result", "terminal_status")
    return writes, [
        *(topics.build(name) for name in reads),
        *(topics.build(name, "board") for name in own),
    ]


def _unit_rights(plan: Plan, topics: Topics, unit: str) -> tuple[list[str], list[str]]:
    writes = [topics.build(name, unit) for name in ("alert", "unit_status")]
    reads = [topics.build(name, unit) for name in ("receipt", "unit_status")]
    reads.append(topics.build("gateway_status"))
    reads += [topics.build("feedback", point.id) for point in plan.points if point.unit == unit]
    return writes, reads


def password_line(user: str, password: str, *, salt: bytes | None = None) -> str:
    """A line of mosquitto's password file: `user:$7$rounds$salt$hash`, both in base64."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
    parts = ("", "7", str(ROUNDS), _base64(salt), _base64(digest))
    return f"{user}:{'$'.join(parts)}\n"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def passwords_file(plan: Plan) -> str:
    """`mosquitto.passwords`. Written here and not by mosquitto_passwd, which takes passwords on its
    command line, where everybody on the machine can read them; a test tries them at a real broker.
    """
    return "".join(password_line(user, word) for user, word in plan.passwords.items())


def find_mosquitto() -> str | None:
    """The path of a mosquitto, or None. Debian keeps it where an ordinary PATH does not look."""
    path = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    )
    return shutil.which("mosquitto", path=path)
