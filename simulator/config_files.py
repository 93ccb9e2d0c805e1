"""The text of a branch's configuration files, with comments for whoever edits them."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import PurePosixPath

from simulator.plan import TOKEN_NAME, Person, Plan, Point

# Slow on purpose, so that a stolen file gives PINs away slowly. A demo's PINs protect nothing and
# must not make a small Pi wait.
PIN_METHOD = "pbkdf2:sha256:600000"
DEMO_PIN_METHOD = "pbkdf2:sha256:1000"


def unit_file(plan: Plan, unit: str) -> str:
    """`unit-NN.toml`."""
    backend = "simulated" if plan.simulated else "libgpiod"
    points = [_unit_point(point) for point in plan.points if point.unit == unit]
    return f"""\
# Unit {unit} of branch {plan.branch}.
# After a change: anling check THIS FILE, then restart the unit.
branch = {_text(plan.branch)}
unit = {_text(unit)}
# Presses wait in this database until the gateway has them; it must survive a reboot.
state = {_text(_state(plan, f"{unit}.db"))}

{_mqtt(plan, unit, "# The gateway's address, as this unit reaches it.")}
[gpio]
# libgpiod for Raspberry Pi OS, or lgpio; rpigpio for old images; simulated without any pins.
backend = "{backend}"
# Buttons close to ground; the Pi pulls the line up.
pull = "up"

{"".join(points)}"""


def _unit_point(point: Point) -> str:
    """One `[[points]]` of a unit: the lines are BCM numbers."""
    numbers = "".join(f"{part} = {number}\n" for part, number in point.lines.items())
    comment = f"# {point.label}\n" if point.label else ""
    return f"{comment}[[points]]\nid = {_text(point.id)}\n{numbers}\n"


def gateway_file(plan: Plan) -> str:
    """`gateway.toml`."""
    units = "".join(f"[[units]]\nid = {_text(unit)}\n\n" for unit in plan.units)
    method = DEMO_PIN_METHOD if plan.simulated else PIN_METHOD
    points = _LEFT_TO_PAGES if plan.empty else "".join(map(_gateway_point, plan.points))
    staff = "".join(_member(person, method) for person in plan.staff)
    return f"""\
# The gateway of branch {plan.branch}: its units, points, people and rules.
# After a change: anling check THIS FILE, then restart the gateway.
branch = {_text(plan.branch)}
name = {_text(f"网点 Branch {plan.branch}")}
# Where the phones of staff reach the board; notices then carry a link that accepts the call.
# board_url = "https://board.branch.example"
store = {_text(_state(plan, "anling.db"))}

{_mqtt(plan, "gateway")}
{units}# label: what staff see. silent = true: a security call that shows nothing at the point.
# seat_check_after_s = 1800: a seat occupied for so long asks staff to look.
{points}# roles: customer_service, security, first_aid, lead, maintenance, admin.
# The PINs of the hashes are in credentials.toml.
{staff}# Who is told and when; these are the defaults.
# [policy]
# repeat_s = 60
# arrival_s = 120
# close_s = 900
# steps = [
#     {{ after_s = 0, tell = "kind" }},
#     {{ after_s = 30, tell = "on_duty" }},
#     {{ after_s = 60, tell = "lead" }},
#     {{ after_s = 120, tell = "outside" }},
# ]

# Where notices go besides the board; kinds: apprise (any address that Apprise knows), dingtalk,
# wecom, feishu, webhook, pager. Each is tested once a day (canary_every_s).
# [[channels]]
# name = "duty-group"
# kind = "dingtalk"
# url = "https://oapi.dingtalk.com/robot/send?access_token=TOKEN"
# secret = "SEC…"
# roles = ["lead"]
"""


_LEFT_TO_PAGES = """\
# The points are left to the pages: each shows itself there once its unit runs, to be named.

"""


def _gateway_point(point: Point) -> str:
    return (
        f"[[points]]\nid = {_text(point.id)}\nlabel = {_text(point.label)}\n"
        f"unit = {_text(point.unit)}\n\n"
    )


def _member(person: Person, method: str) -> str:
    # Imported here: only the gateway's machine, where `init` runs, needs to have it.
    from werkzeug.security import generate_password_hash

    return (
        f"[[staff]]\nid = {_text(person.id)}\nname = {_text(person.name)}\n"
        f"roles = {json.dumps(person.roles)}\n"
        f"pin_hash = {_text(generate_password_hash(person.pin, method=method))}\n"
        f"{_certificates(person)}\n"
    )


def _certificates(person: Person) -> str:
    """Only a valid certificate makes a first-aider; in a new branch it is one to be replaced."""
    if "first_aid" not in person.roles:
        return ""
    expires = (date.today() + timedelta(days=365)).isoformat()
    return f'certificates = [{{ what = "first_aid", expires = "{expires}" }}]\n'


def board_file(plan: Plan) -> str:
    """`board.toml`."""
    host = "127.0.0.1" if plan.simulated else "0.0.0.0"
    return f"""\
# The status board of branch {plan.branch}.
branch = {_text(plan.branch)}
terminal = "board"
# The gateway's database; the board only reads it.
store = {_text(_state(plan, "anling.db"))}
# Signs the sessions; a new one signs everybody out.
secret_key = {_text(plan.secret_key)}
# For visitors whose browser asks for neither: zh or en.
language = "zh"
demo = {str(plan.simulated).lower()}

{_mqtt(plan, "board")}
[http]
# 127.0.0.1: this machine only. 0.0.0.0: the branch's network, which the phones of staff need.
# Behind a proxy that speaks HTTPS: 127.0.0.1 and secure_cookies = true.
host = "{host}"
port = {plan.board_port}
secure_cookies = false

# Machines that may use /api/v1; the tokens themselves are in credentials.toml.
[[tokens]]
name = "{TOKEN_NAME}"
sha256 = "{hashlib.sha256(plan.token.encode()).hexdigest()}"
{"".join(map(_demo_point, plan.points)) if plan.simulated else ""}"""


def _demo_point(point: Point) -> str:
    """A point that the page /demo can press."""
    numbers = "".join(
        f"{part} = {point.lines[part]}\n"
        for part in ("call", "seat", "presence")
        if part in point.lines
    )
    head = f"\n[[demo_points]]\nid = {_text(point.id)}\nunit = {_text(point.unit)}\n"
    return head + numbers


def credentials_file(plan: Plan) -> str:
    """`credentials.toml`: every secret in clear, for the people who install."""
    passwords = "".join(f"{_text(name)} = {_text(word)}\n" for name, word in plan.passwords.items())
    staff = "".join(
        f"\n[[staff]]\nid = {_text(person.id)}\nname = {_text(person.name)}\n"
        f"pin = {_text(person.pin)}\nroles = {json.dumps(person.roles)}\n"
        for person in plan.staff
    )
    return f"""\
# For the people who install branch {plan.branch}: hand out the PINs, keep this file where only they
# can read it. No program needs it.
branch = {_text(plan.branch)}

# Bearer tokens for /api/v1.
[tokens]
{TOKEN_NAME} = {_text(plan.token)}

# Passwords at the broker, one for each program; none when the broker lets anybody in.
[mqtt]
{passwords}{staff}"""


def _mqtt(plan: Plan, program: str, comment: str = "") -> str:
    lines = ["[mqtt]", *([comment] if comment else []), 'host = "127.0.0.1"']
    lines.append(f"port = {plan.mqtt_port}")
    if program in plan.passwords:
        lines.append(f"username = {_text(program)}")
        lines.append(f"password = {_text(plan.passwords[program])}")
    return "\n".join(lines) + "\n"


def _state(plan: Plan, name: str) -> str:
    return str(PurePosixPath(plan.state_folder, name))


def _text(value: str) -> str:
    """A TOML string; what JSON escapes, TOML reads the same."""
    return json.dumps(value, ensure_ascii=False)
