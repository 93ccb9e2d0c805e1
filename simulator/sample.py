"""What a demo's branch has besides its points and its team: a plan of the floor, and what helps.

It is put in as a lead would do it on the pages, through the HTTP interface.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any

from simulator.errors import SimulatorError
from simulator.ports import LOOPBACK

ANSWER_S = 10.0
FLOOR = "ground"
# name, left, top, width, depth in metres
AREAS = (
    ("柜台 Counters", 0, 0, 11, 3),
    ("理赔室 Claims room", 11, 0, 5, 4),
    ("休息区 Lounge", 0, 3, 4, 7),
    ("大厅 Hall", 4, 3, 7, 5),
    ("自助区 Self-service", 11, 4, 5, 6),
    ("入口 Entrance", 4, 8, 7, 2),
)
# Of the first points, in the order of simulator.plan.PLACES: area, and metres from left and top.
PLACES = (
    ("柜台 Counters", 3, 2.4),
    ("柜台 Counters", 6.5, 2.4),
    ("休息区 Lounge", 1.5, 5),
    ("大厅 Hall", 8.5, 6),
    ("自助区 Self-service", 14, 7),
    ("休息区 Lounge", 2.2, 8.4),
)
_KIT = {"count": 2, "expires_in_days": 400, "check_every_days": 30}
_WHOLE = {"check_every_days": 30}
# what, name, area, metres from left and top, the rest of the body
RESOURCES: tuple[tuple[str, str, str, float, float, dict[str, Any]], ...] = (
    ("aed", "自动体外除颤器 AED", "入口 Entrance", 4.8, 8.8, _WHOLE),
    ("first_aid_kit", "急救箱 First-aid kit", "大厅 Hall", 10.3, 4.2, _KIT),
    ("wheelchair", "轮椅 Wheelchair", "入口 Entrance", 10, 9, _WHOLE),
    ("stretcher", "担架 Stretcher", "理赔室 Claims room", 15.2, 0.8, _WHOLE),
    ("medicine", "速效救心丸 Heart pills", "柜台 Counters", 0.9, 1, _KIT),
    ("reading_glasses", "老花镜 Reading glasses", "大厅 Hall", 6, 5.6, {"count": 4}),
)
# Where the branch is: what an ambulance is told.
ADDRESS: dict[str, Any] = {
    "name": {"zh": "演示网点", "en": "Demo branch"},
    "address": {"zh": "演示市安康路 1 号", "en": "1 Ankang Road, Demo City"},
    "entrance": {"zh": "沿街正门", "en": "main door on the street"},
    "floor": {"zh": "一层", "en": "ground floor"},
    "phone": "010-0000-0000",
}


def furnish(*, board_port: int, token: str, by: str) -> None:
    """Puts the sample into a branch that is up. by: the staff id that does it.

    Raises: SimulatorError.
    """
    link = HTTPConnection(LOOPBACK, board_port, timeout=ANSWER_S)
    try:
        points = _call(link, token, "GET", "/api/v1/records/point")
        for request in _requests(points):
            _call(link, token, "POST", "/api/v1/requests", {"by": by, **request})
    except (OSError, HTTPException, ValueError) as error:
        raise SimulatorError(f"The sample could not be put into the branch: {error}.") from error
    finally:
        link.close()


def _requests(points: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    areas = [
        {"name": name, "left_m": left, "top_m": top, "width_m": width, "depth_m": depth}
        for name, left, top, width, depth in AREAS
    ]
    floor = {"name": "一层 Ground floor", "width_m": 16, "depth_m": 10, "areas": areas}
    yield {"do": "branch.save", "id": "place", "body": ADDRESS}
    yield {"do": "floor.save", "id": FLOOR, "body": floor}
    known = {one["id"]: one for one in points}
    for number, (area, x_m, y_m) in enumerate(PLACES, start=1):
        point = known.get(f"point-{number}")
        if point is not None:
            body = point["body"] | {"place": area, "spot": _spot(x_m, y_m)}
            yield {"do": "point.save", "id": point["id"], "version": point["version"], "body": body}
    for what, name, area, x_m, y_m, more in RESOURCES:
        body = {"what": what, "name": name, "place": area, "spot": _spot(x_m, y_m)}
        yield {"do": "resource.save", "id": what.replace("_", "-"), "body": body | _dated(more)}


def _spot(x_m: float, y_m: float) -> dict[str, Any]:
    return {"floor": FLOOR, "x_m": x_m, "y_m": y_m}


def _dated(more: dict[str, Any]) -> dict[str, Any]:
    """With days as they are from today: what was checked was checked today."""
    body, today = dict(more), date.today()
    if "expires_in_days" in body:
        body["expires"] = (today + timedelta(days=body.pop("expires_in_days"))).isoformat()
    if "check_every_days" in body:
        body["last_checked"] = today.isoformat()
    return body


def _call(
    link: HTTPConnection, token: str, method: str, path: str, body: dict[str, Any] | None = None
) -> Any:
    """What the board answers. Raises: SimulatorError when it refuses."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    link.request(method, path, None if body is None else json.dumps(body), headers)
    answer = link.getresponse()
    said = json.loads(answer.read())
    if answer.status != 200:
        raise SimulatorError(f"The sample could not be put into the branch: {said}.")
    return said
