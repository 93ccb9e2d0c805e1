"""Writes cpio archives of the kind the kernel unpacks as its first root (`newc`).

Several archives one after the other are one root: the large unchanging part is kept, the
project's own files are added for each run.
Source: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

DIRECTORY = stat.S_IFDIR | 0o755
FILE = stat.S_IFREG | 0o644
PROGRAM = stat.S_IFREG | 0o755
LINK = stat.S_IFLNK | 0o777


class Archive:
    """An archive being written to `out`. Everything in it belongs to root."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._inode = 0
        self._made: set[str] = set()

    def add(self, name: str, data: bytes = b"", *, mode: int = FILE) -> None:
        """Adds one entry, and first the folders it lies in; a link's data is its target."""
        parent = str(PurePosixPath(name).parent)
        if parent != "." and parent not in self._made:
            self.add(parent, mode=DIRECTORY)
        if stat.S_ISDIR(mode):
            if name in self._made:
                return
            self._made.add(name)
        self._write(name, data, mode)

    def add_tree(self, folder: Path) -> None:
        """Adds all that is in a folder."""
        for path in _walk(folder):
            name = str(path.relative_to(folder))
            info = path.lstat()
            if stat.S_ISLNK(info.st_mode):
                self.add(name, bytes(path.readlink()), mode=LINK)
            elif stat.S_ISDIR(info.st_mode):
                self.add(name, mode=DIRECTORY)
            else:
                self.add(name, path.read_bytes(), mode=info.st_mode)

    def end(self) -> None:
        """Writes the entry that ends an archive."""
        self._write("TRAILER!!!", b"", 0)

    def _write(self, name: str, data: bytes, mode: int) -> None:
        self._inode += 1
        encoded = name.encode() + b"\0"
        # inode, mode, uid, gid, links, time, size, device (2), device node (2), name, checksum
        numbers = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded
        self._out.write(_padded(header) + _padded(data))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
