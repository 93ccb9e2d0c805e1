"""Fetches the arm64 packages and wheels of the virtual Pi into the cache, once.

apt runs with a configuration, lists and a status of its own, so that the host's architecture and
packages are neither used nor touched, and no root is needed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from .errors import RigError
from .host import find_program, run

MIRROR = "http://deb.debian.org/debian"
SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The Python of Debian 12 and of Raspberry Pi OS 12.
PYTHON = "3.11"

KERNEL = "linux-image-arm64"
DEBS = (
    "busybox-static",
    f"python{PYTHON}-minimal",
    f"libpython{PYTHON}-minimal",
    f"libpython{PYTHON}-stdlib",
    "libc6",
    "libgcc-s1",
    "zlib1g",
    "libssl3",
    "libsqlite3-0",
    "libffi8",
    "libexpat1",
    "libuuid1",
    "liblzma5",
    "libbz2-1.0",
)
# What a unit needs at run time. gpiod is here so that the kernel project's own library can be
# compared with lgpio on the same lines.
WHEELS = ("gpiozero>=2.0.1.post3", "lgpio", "paho-mqtt>=2.1", "msgspec", "gpiod>=2.1")
# Newest first; a wheel for an older glibc runs on a newer one. Debian 12 has 2.36.
PLATFORMS = (
    "manylinux_2_34_aarch64",
    "manylinux_2_28_aarch64",
    "manylinux_2_17_aarch64",
    "manylinux2014_aarch64",
)

APT_CONF = """\
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Sandbox::User "";
Dir::State "{apt}/state";
Dir::State::status "/dev/null";
Dir::Cache "{apt}/cache";
Dir::Etc::sourcelist "{apt}/sources.list";
Dir::Etc::sourceparts "/dev/null";
"""


class Apt:
    """An apt of its own for arm64, under `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._conf = folder / "apt.conf"

    def start(self) -> None:
        """Writes the configuration, and fetches the lists unless an earlier run did."""
        if not KEYRING.is_file():
            raise RigError("Debian's keys are missing: apt-get install debian-archive-keyring")
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        self._conf.write_text(APT_CONF.format(apt=self._folder))
        sources = f"deb [signed-by={KEYRING}] {MIRROR} {SUITE} main\n"
        (self._folder / "sources.list").write_text(sources)
        if not list(self._folder.glob("state/lists/*_Packages*")):
            self.update()

    def update(self) -> None:
        """Fetches the newest lists."""
        self._run("apt-get", "update", "--error-on=any")

    def kernel_package(self) -> str:
        """The package with the kernel itself; `linux-image-arm64` only points at it."""
        for line in self._run("apt-cache", "depends", KERNEL).splitlines():
            label, _, package = line.strip().partition(" ")
            if label == "Depends:" and package.startswith("linux-image-"):
                return package
        raise RigError(f"apt does not say which package {KERNEL} stands for")

    def download(self, packages: tuple[str, ...], *, into: Path) -> list[Path]:
        """The .deb files of `packages`; those already in `into` are not fetched again."""
        into.mkdir(parents=True, exist_ok=True)
        self._run("apt-get", "download", *packages, cwd=into)
        return [_newest(into, package) for package in packages]

    def _run(self, program: str, *words: str, cwd: Path | None = None) -> str:
        env = {"APT_CONFIG": str(self._conf), "LC_ALL": "C"}
        return run([find_program(program), *words], env=env, cwd=cwd)


def fetch_debs(cache: Path) -> tuple[Path, list[Path]]:
    """The kernel's .deb and the others.

    Old lists name versions that the mirror has dropped: then they are renewed and tried again.
    """
    apt = Apt(cache / "apt")
    apt.start()
    try:
        return _fetch(apt, cache / "debs")
    except RigError:
        apt.update()
        return _fetch(apt, cache / "debs")


def _fetch(apt: Apt, into: Path) -> tuple[Path, list[Path]]:
    kernel, *others = apt.download((apt.kernel_package(), *DEBS), into=into)
    return kernel, others


def _newest(folder: Path, package: str) -> Path:
    found = sorted(folder.glob(f"{package}_*.deb"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise RigError(f"apt fetched no {package}")
    return found[-1]


def fetch_wheels(cache: Path) -> list[Path]:
    """The aarch64 wheels of the unit's dependencies, by the pip of this Python."""
    into = cache / "wheels"
    shutil.rmtree(into, ignore_errors=True)  # two versions of one wheel must never be mixed
    platforms = [f"--platform={name}" for name in PLATFORMS]
    target = [f"--python-version={PYTHON}", "--implementation=cp", "--only-binary=:all:"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", f"--dest={into}"]
    run([*pip, *platforms, *target, *WHEELS])
    return sorted(into.glob("*.whl"))
