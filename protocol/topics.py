"""Topic names: build and parse. Quality of service is 1 throughout; see RETAINED for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from protocol.messages import ID_PATTERN

QOS = 1
ROOT = "anling/v1"

# The topics whose newest message the broker keeps for whoever comes later.
RETAINED = frozenset(
    {"unit_status", "feedback", "incident", "gateway_status", "faults", "terminal_status", "lamp"}
)

_ID = re.compile(ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic. name: such as "alert"; id: its unit, point, incident or terminal, or "".

    part: the line number or point of a `sim/…` topic, else "".
    """

    name: str
    id: str = ""
    part: str = ""


# Below the branch; `+` is one id. The table is the whole of the contract's topic list.
SHAPES = {
    "alert": "unit/+/alert",
    "unit_status": "unit/+/status",
    "receipt": "unit/+/receipt",
    "feedback": "point/+/feedback",
    "incident": "incident/+",
    "action": "action",
    "request": "request",
    "result": "terminal/+/result",
    "terminal_status": "terminal/+/status",
    "terminal_event": "terminal/+/event",
    "gateway_status": "gateway/status",
    "faults": "gateway/faults",
    "pager": "pager/+",
    "line": "sim/+/line/+",
    "lamp": "sim/+/lamp/+",
}


_BY_LENGTH: dict[int, list[tuple[str, list[str]]]] = {}
for _name, _shape in SHAPES.items():
    _BY_LENGTH.setdefault(_shape.count("/") + 1, []).append((_name, _shape.split("/")))


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one branch."""

    branch: str

    def build(self, name: str, *ids: str) -> str:
        """The topic called `name`, its `+` filled with `ids`; a missing id stays `+`."""
        waiting = list(ids)
        levels = [
            waiting.pop(0) if level == "+" and waiting else level
            for level in SHAPES[name].split("/")
        ]
        return f"{ROOT}/{self.branch}/{'/'.join(levels)}"

    def parse(self, topic: str) -> Topic | None:
        """What `topic` is, or None when it is none of this branch's."""
        prefix = f"{ROOT}/{self.branch}/"
        return _below(topic.removeprefix(prefix)) if topic.startswith(prefix) else None


# The same few hundred topics come again and again.
@lru_cache(maxsize=1024)
def _below(topic: str) -> Topic | None:
    levels = topic.split("/")
    for name, shape in _BY_LENGTH.get(len(levels), ()):
        ids = _match(shape, levels)
        if ids is not None:
            return Topic(name, *ids)
    return None


def _match(shape: list[str], levels: list[str]) -> list[str] | None:
    ids = []
    for wanted, level in zip(shape, levels, strict=True):
        if wanted == "+":
            if not _ID.match(level):
                return None
            ids.append(level)
        elif wanted != level:
            return None
    return ids
