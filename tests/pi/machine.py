"""One virtual Raspberry Pi: power, wires, console, and a disk that outlives a power cut."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .build import BOARD, Image, pack_root
from .errors import RigError
from .host import find_program, run
from .sockets import Wires, find_gpio_chip

DISK_MB = 32
# What a unit would be started with by systemd.
UNIT = "python3 -m anling unit --config /state/unit-01.toml"
# The host's loopback as the guest sees it (QEMU's user network).
HOST = "10.0.2.2"
# Emulated, a boot takes 10 to 20 s on a free machine; a busy one may take several times that.
BOOT_S = 240
POLL_S = 0.05


def wait_until(what: str, holds: Callable[[], object], *, within_s: float) -> object:
    """The first true answer of `holds`. Raises: RigError naming `what` when time is over."""
    until = time.monotonic() + within_s
    while True:
        answer = holds()
        if answer:
            return answer
        if time.monotonic() > until:
            raise RigError(f"not within {within_s:.0f} s: {what}")
        time.sleep(POLL_S)


class VirtualPi:
    """A virtual Pi whose files are in `folder`.

    state: files of the unit's disk by name, written once. program: what /init keeps running.
    witness: a line whose pulses the guest's kernel reports on the console.
    """

    def __init__(
        self,
        image: Image,
        folder: Path,
        *,
        state: Mapping[str, str],
        program: str = UNIT,
        witness: int | None = None,
    ) -> None:
        self._image = image
        self._folder = folder
        self._state = state
        self._program = program
        self._witness = witness
        self._qemu: subprocess.Popen | None = None
        self._wires: Wires | None = None
        self._boots = 0
        self.powered_on = 0.0

    def start(self) -> None:
        """Puts power on. The disk is as the last power cut left it."""
        disk = self._folder / "state.img"
        if not disk.exists():
            _make_disk(disk, self._folder / "state", self._state)
            pack_root(self._image, self._folder / "root.cpio")
        self._boots += 1
        for name in ("qmp", "qtest"):
            (self._folder / name).unlink(missing_ok=True)
        self.powered_on = time.monotonic()
        errors = (self._folder / "qemu.log").open("ab")
        with errors:
            self._qemu = subprocess.Popen(self._command(disk), stdout=errors, stderr=errors)
        self._wires = Wires(self._folder / "qtest", find_gpio_chip(self._folder / "qmp"))

    def power_cut(self) -> None:
        """Kills QEMU: what the guest had not flushed to its disk is gone."""
        if self._wires is not None:
            self._wires.close()
            self._wires = None
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait()
            self._qemu = None

    @property
    def wires(self) -> Wires:
        """The lines, from outside. Raises: RigError while the power is off."""
        if self._wires is None:
            raise RigError("the virtual Pi has no power")
        return self._wires

    def close(self, line: int) -> None:
        """Closes a contact, which on this rig puts 3.3 V on the line."""
        self.wires.set_level(line, 1)

    def open(self, line: int) -> None:
        """Opens a contact: the line falls to 0 V, as with a resistor to ground."""
        self.wires.set_level(line, 0)

    def read_line(self, line: int) -> int:
        """0 or 1: the level of a line, such as a lamp's, read from outside."""
        return self.wires.level(line)

    def play(self, line: int, waveform: Sequence[tuple[int, float]]) -> list[float]:
        """Puts levels on a line, each for some milliseconds, and leaves the last one there.

        Returns how long each really lasted in milliseconds: a busy host is late.
        """
        lasted_ms = []
        for level, hold_ms in waveform:
            began = time.perf_counter()
            self.wires.set_level(line, level)
            _hold_until(began + hold_ms / 1000)
            lasted_ms.append((time.perf_counter() - began) * 1000)
        return lasted_ms

    def watch_line(self, line: int, *, during_s: float) -> list[int]:
        """The levels of a line, read a hundred times a second."""
        until = time.monotonic() + during_s
        levels = []
        while time.monotonic() < until:
            levels.append(self.read_line(line))
            time.sleep(0.01)
        return levels

    @property
    def console(self) -> str:
        """All that this boot has said so far."""
        path = self._console_file()
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_console(self, pattern: str, *, within_s: float = BOOT_S) -> re.Match:
        """The first match of a regular expression on this boot's console.

        Raises: RigError with the console's end if it does not come, or QEMU ends before.
        """
        until = time.monotonic() + within_s
        while True:
            found = re.search(pattern, self.console)
            if found:
                return found
            if self._qemu is None or self._qemu.poll() is not None:
                raise RigError(f"QEMU has ended: {(self._folder / 'qemu.log').read_text()}")
            if time.monotonic() > until:
                raise RigError(f"no {pattern!r} in {within_s:.0f} s; last:\n{self.console[-2000:]}")
            time.sleep(POLL_S)

    def _console_file(self) -> Path:
        return self._folder / f"console-{self._boots}.log"

    def _command(self, disk: Path) -> list[str]:
        folder = self._folder
        # fmt: off
        return [
            find_program("qemu-system-aarch64"), "-M", "virt", *BOARD,
            "-display", "none", "-no-reboot", "-nodefaults",
            "-kernel", str(self._image.kernel), "-dtb", str(self._image.board),
            "-initrd", str(folder / "root.cpio"), "-append", self._kernel_words(),
            # The guest's flush must reach the file before it is told so, as on a good SD card.
            "-drive", f"file={disk},if=none,format=raw,id=state,cache=writethrough",
            "-device", "virtio-blk-device,drive=state",
            "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net",
            "-serial", f"file:{self._console_file()}",
            "-qmp", f"unix:{folder / 'qmp'},server=on,wait=off",
            "-qtest", f"unix:{folder / 'qtest'},server=on,wait=off", "-qtest-log", "none",
        ]
        # fmt: on

    def _kernel_words(self) -> str:
        # Mitigations and address randomization only cost an emulated CPU time.
        words = f'console=ttyAMA0 quiet panic=-1 mitigations=off nokaslr program="{self._program}"'
        return words if self._witness is None else f"{words} witness={self._witness}"


def _hold_until(until: float) -> None:
    """Waits for a moment of `perf_counter`; the end of it awake, since sleep is late by its ms."""
    rest_s = until - time.perf_counter()
    if rest_s > 0.05:
        time.sleep(rest_s - 0.03)
    while time.perf_counter() < until:
        pass


def _make_disk(disk: Path, content: Path, files: Mapping[str, str]) -> None:
    """An ext4 disk image that holds `files`; no mount, so no root, is needed on the host."""
    content.mkdir()
    for name, text in files.items():
        (content / name).write_text(text)
    make = find_program("mkfs.ext4")
    run([make, "-q", "-F", "-E", "root_owner=0:0", "-d", content, disk, f"{DISK_MB}M"])
