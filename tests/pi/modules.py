"""Finds kernel modules, and the order in which insmod takes them."""

from __future__ import annotations

import lzma
import re
from pathlib import Path

from .errors import RigError

# The virtio transport of the board without PCI, its disk and network card, and the file system.
# ext4 asks for crc32c by a name that no `depends` shows.
WANTED = ("virtio_mmio", "virtio_blk", "virtio_net", "crc32c_generic", "ext4")


def load_order(folder: Path, wanted: tuple[str, ...] = WANTED) -> list[Path]:
    """The files of the wanted modules and of all they depend on, what is needed first.

    This is what depmod and modprobe would do; a host of another architecture may have neither.
    """
    files = _files_by_name(folder)
    order: list[Path] = []
    for name in wanted:
        _add(name, files, order)
    return order


def read_module(path: Path) -> bytes:
    """A module's ELF file, unpacked if the distribution packs its modules."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_name(path: Path) -> str:
    """The kernel's name of a module file."""
    return path.name.partition(".")[0].replace("-", "_")


def _files_by_name(folder: Path) -> dict[str, Path]:
    return {module_name(path): path for path in sorted(folder.rglob("*.ko*"))}


def _add(name: str, files: dict[str, Path], order: list[Path]) -> None:
    path = files.get(name)
    if path is None:
        raise RigError(f"the kernel package has no module {name}")
    if path in order:
        return
    for needed in _depends(read_module(path)):
        _add(needed, files, order)
    order.append(path)


def _depends(elf: bytes) -> list[str]:
    """The names in the module's own `.modinfo`, whose entries are `key=value` ended by a zero."""
    found = re.search(rb"\0depends=([^\0]*)\0", elf)
    names = found.group(1).decode().split(",") if found else []
    return [name.replace("-", "_") for name in names if name]
