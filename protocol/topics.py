"""Topic names: build and parse. Quality of service is 1 throughout; see RETAINED for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
_SHAPES = {
    "alert": "unit/+/alert",
    "unit_status": "unit/+/status",
    "receipt": "unit/+/receipt",
    "feedback": "point/+/feedback",
    "incident": "incident/+",
    "action": "action",
    "result": "terminal/+/result",
    "terminal_status": "terminal/+/status",
    "terminal_event": "terminal/+/event",
    "gateway_status": "gateway/status",
    "faults": "gateway/faults",
    "line": "sim/+/line/+",
    "lamp": "sim/+/lamp/+",
}


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one branch."""

    branch: str

    def build(self, name: str, *ids: str) -> str:
        """The topic called `name`, its `+` filled with `ids`; a missing id stays `+`."""
        waiting = list(ids)
        levels = [
            waiting.pop(0) if level == "+" and waiting else level
            for level in _SHAPES[name].split("/")
        ]
        return f"{ROOT}/{self.branch}/{'/'.join(levels)}"

    def parse(self, topic: str) -> Topic | None:
        """What `topic` is, or None when it is none of this branch's."""
        prefix = f"{ROOT}/{self.branch}/"
        if not topic.startswith(prefix):
            return None
        levels = topic.removeprefix(prefix).split("/")
        for name, shape in _SHAPES.items():
            ids = _match(shape.split("/"), levels)
            if ids is not None:
                return Topic(name, *ids)
        return None


def _match(shape: list[str], levels: list[str]) -> list[str] | None:
    if len(shape) != len(levels):
        return None
    ids = []
    for wanted, level in zip(shape, levels, strict=True):
        if wanted == "+" and _ID.match(level):
            ids.append(level)
        elif wanted != level:
            return None
    return ids
