"""The two sockets of a running QEMU: QMP tells what the machine is made of, qtest is its wires."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

from .errors import RigError

ANSWER_S = 10
# Where QEMU's board `virt` maps the PL061 (hw/arm/virt.c), and the chip's registers: reading DATA
# at an offset of 0x3fc shows all 8 lines (ARM DDI 0190B, 3.3).
CHIP = 0x9030000
DATA = CHIP + 0x3FC
DIRECTION = CHIP + 0x400


class LineSocket:
    """A UNIX socket that speaks in lines."""

    def __init__(self, path: Path) -> None:
        self._socket = _connect(path)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def say(self, line: str) -> None:
        self._socket.sendall(line.encode() + b"\n")

    def hear(self) -> str:
        """The next line. Raises: RigError if QEMU has gone."""
        line = self._lines.readline()
        if not line:
            raise RigError("QEMU closed its socket; see the console's file")
        return line.strip()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def _connect(path: Path) -> socket.socket:
    """QEMU makes its sockets a moment after it starts."""
    until = time.monotonic() + ANSWER_S
    while True:
        wire = socket.socket(socket.AF_UNIX)
        wire.settimeout(ANSWER_S)
        try:
            wire.connect(str(path))
            return wire
        except OSError as error:
            wire.close()
            if time.monotonic() > until:
                raise RigError(f"QEMU does not answer at {path}: {error}") from error
            time.sleep(0.05)


def find_gpio_chip(path: Path) -> str:
    """The name by which qtest knows the PL061, asked over QMP."""
    qmp = LineSocket(path)
    try:
        qmp.hear()  # the greeting
        _ask(qmp, "qmp_capabilities")
        children = _ask(qmp, "qom-list", path="/machine/unattached")
    finally:
        qmp.close()
    for child in children:
        if child["type"] == "child<pl061>":
            return f"/machine/unattached/{child['name']}"
    raise RigError("this QEMU's board has no pl061")


def _ask(qmp: LineSocket, command: str, **arguments: object) -> list:
    qmp.say(json.dumps({"execute": command, "arguments": arguments}))
    while True:
        answer = json.loads(qmp.hear())
        if "error" in answer:
            raise RigError(f"QEMU refused {command}: {answer['error']['desc']}")
        if "return" in answer:  # anything else is an event
            return answer["return"]


class Wires:
    """The lines of the GPIO chip, from outside."""

    def __init__(self, path: Path, chip: str) -> None:
        self._qtest = LineSocket(path)
        self._chip = chip

    def set_level(self, line: int, level: int) -> None:
        """Puts a voltage on an input: the guest's kernel gets an interrupt at the change."""
        self._command(f"set_irq_in {self._chip} unnamed-gpio-in {line} {level}")

    def level(self, line: int) -> int:
        """0 or 1, as a voltmeter would show."""
        return self._register(DATA) >> line & 1

    def is_output(self, line: int) -> bool:
        """Whether the guest drives this line."""
        return bool(self._register(DIRECTION) >> line & 1)

    def close(self) -> None:
        self._qtest.close()

    def _register(self, address: int) -> int:
        return int(self._command(f"readl {address:#x}"), 16)

    def _command(self, words: str) -> str:
        self._qtest.say(words)
        while True:
            answer = self._qtest.hear()
            if answer.startswith("OK"):
                return answer[2:].strip()
            if not answer.startswith("IRQ"):  # QEMU may tell of interrupts in between
                raise RigError(f"qtest refused {words!r}: {answer}")
