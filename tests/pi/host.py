"""Finds and runs the programs of the host that build and carry the virtual Pi."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from .errors import RigError

# program: the Debian package that has it.
PROGRAMS = {
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "qemu-system-aarch64": "qemu-system-arm",
    "dtc": "device-tree-compiler",
    "mkfs.ext4": "e2fsprogs",
    "mosquitto": "mosquitto",
}
# mkfs and mosquitto live where an ordinary user's PATH does not look.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find_program(name: str) -> str:
    """The full path of a program.

    Raises: RigError, which names the package to install.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    found = shutil.which(name, path=path)
    if found is None:
        raise RigError(f"{name} is missing; install it with: apt-get install {PROGRAMS[name]}")
    return found


def check_programs() -> None:
    """Raises RigError with every missing package at once, so that one installation is enough."""
    missing = []
    for name, package in PROGRAMS.items():
        try:
            find_program(name)
        except RigError:
            missing.append(package)
    if missing:
        raise RigError(f"the virtual Pi needs: apt-get install {' '.join(missing)}")


def run(command: Sequence[object], *, env: Mapping[str, str] | None = None, cwd=None) -> str:
    """The standard output of a program that ended well.

    env: added to the environment. Raises: RigError with what the program complained of.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, env={**os.environ, **(env or {})}, cwd=cwd, capture_output=True, text=True
    )
    if done.returncode != 0:
        complaint = done.stderr.strip()[-2000:] or "it gave no reason"
        raise RigError(f"{words[0]} failed ({done.returncode}): {complaint}")
    return done.stdout
