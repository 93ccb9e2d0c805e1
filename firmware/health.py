"""How the machine is: what a Pi can tell about itself, and None for what it cannot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
# Bit field of the firmware: bits 0 to 3 are now (under-voltage, capped, throttled, too hot), bits
# 16 to 19 since boot. Source: raspberrypi.com, vcgencmd get_throttled.
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
THROTTLED_NOW = 0xF


@dataclass(frozen=True, slots=True)
class Health:
    """cpu_c: degrees. throttled: now. disk_free_mb: where the outbox is."""

    cpu_c: float | None = None
    throttled: bool | None = None
    disk_free_mb: int | None = None


def health(folder: Path) -> Health:
    """The machine's health now. folder: of the outbox."""
    return Health(_cpu_c(), _throttled(), _disk_free_mb(folder))


def _cpu_c() -> float | None:
    try:
        return round(int(TEMPERATURE.read_text()) / 1000, 1)
    except (OSError, ValueError):
        return None


def _throttled() -> bool | None:
    try:
        return bool(int(THROTTLED.read_text(), 16) & THROTTLED_NOW)
    except (OSError, ValueError):
        return None


def _disk_free_mb(folder: Path) -> int | None:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize // 2**20
