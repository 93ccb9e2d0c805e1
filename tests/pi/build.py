"""Builds the virtual Pi: kernel, first root and device tree, under `.cache/virtual-pi/`.

What is downloaded is kept and used again; `python3 -m tests.pi.build` does it all beforehand.
"""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import re
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from . import modules, packages
from .cpio import LINK, PROGRAM, Archive
from .errors import RigError
from .host import check_programs, find_program, run

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
CACHE = REPOSITORY / ".cache" / "virtual-pi"
# The board as QEMU makes it; the device tree is dumped from these very words.
BOARD = ("-cpu", "cortex-a72", "-smp", "2", "-m", "512")
# gpiozero looks here to know which Pi it is on: a 3B, whose chip has lgpio's usual numbers.
PI_3B = "0xa02082"

SITE = "usr/local/lib/python3.11/dist-packages"
# Parts of the packages that a unit never reads; they would only make each boot longer.
UNUSED = (
    "usr/share",
    "usr/lib/aarch64-linux-gnu/gconv",
    "usr/lib/aarch64-linux-gnu/perl-base",
    "usr/lib/python3.11/pydoc_data",
    "usr/lib/python3.11/lib2to3",
    "usr/lib/python3.11/idlelib",
    "usr/lib/python3.11/tkinter",
    # colorzero names setuptools as a need and imports nothing of it.
    f"{SITE}/setuptools",
    f"{SITE}/pkg_resources",
    f"{SITE}/_distutils_hack",
    f"{SITE}/distutils-precedence.pth",
    f"{SITE}/gpiozerocli",
)


@dataclass(frozen=True, slots=True)
class Image:
    """What QEMU boots. kernel, base: files; board: the changed device tree."""

    kernel: Path
    base: Path
    board: Path


def build(cache: Path = CACHE) -> Image:
    """The image, from the cache if these sources have already made it.

    Raises: RigError if a program of the host or the network is missing.
    """
    check_programs()
    cache.mkdir(parents=True, exist_ok=True)
    image = Image(cache / "vmlinuz", cache / "base.cpio", cache / "board.dtb")
    stamp = cache / "stamp"
    if not stamp.is_file() or stamp.read_text() != _recipe():
        stamp.unlink(missing_ok=True)
        _build_anew(cache, image)
        stamp.write_text(_recipe())
    return image


def pack_root(image: Image, into: Path) -> None:
    """Writes a first root with the project as it is now.

    The project comes as a second archive behind the base, so it costs a moment for each run.
    """
    with into.open("wb") as out:
        out.write(image.base.read_bytes())
        archive = Archive(out)
        for name in ("protocol", "firmware", "anling.py"):
            _add_project_part(archive, name)
        archive.end()


def _add_project_part(archive: Archive, name: str) -> None:
    source = REPOSITORY / name
    files = sorted(source.rglob("*.py")) if source.is_dir() else [source]
    for file in files:
        path = Path("opt/anling") / file.relative_to(REPOSITORY)
        archive.add(str(path), file.read_bytes())


def _recipe() -> str:
    """Changes when anything that decides about the image changes."""
    sources = ("build.py", "packages.py", "modules.py", "cpio.py", "init.sh", "guest/witness.py")
    digest = hashlib.sha256(sys.version.encode())
    for name in sources:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _build_anew(cache: Path, image: Image) -> None:
    kernel_deb, debs = packages.fetch_debs(cache)
    wheels = packages.fetch_wheels(cache)
    kernel_files = _unpack([kernel_deb], cache / "kernel")
    root = _unpack(debs, cache / "root")
    _install(wheels, root / SITE)
    for name in UNUSED:
        _remove(root / name)
    _compile(root)
    shutil.copy(_only(kernel_files / "boot", "vmlinuz-*"), image.kernel)
    _write_base(image.base, root, modules.load_order(kernel_files / "lib/modules"))
    _write_board(image.board)
    for folder in (kernel_files, root):  # half a gigabyte that nothing reads again
        shutil.rmtree(folder)


def _unpack(debs: list[Path], into: Path) -> Path:
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for deb in debs:
        run([find_program("dpkg-deb"), "--extract", deb, into])
    return into


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _install(wheels: list[Path], site: Path) -> None:
    """Installs wheels as pip would: they hold Python packages only, so unpacking is enough."""
    site.mkdir(parents=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


def _compile(root: Path) -> None:
    """Compiles what an installation on a real Pi would have compiled.

    Another Python's files would not be read: then the guest compiles at each boot, and is slow.
    """
    if sys.version_info[:2] != (3, 11):
        print("note: without Python 3.11 on the host the virtual Pi starts more slowly")
        return
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH  # files in the root have no times
    for folder in ("usr/lib/python3.11", SITE):
        compileall.compile_dir(root / folder, quiet=2, stripdir=root, invalidation_mode=mode)


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise RigError(f"{folder} should hold one {pattern}, it holds {len(found)}")
    return found[0]


def _write_base(base: Path, root: Path, order: list[Path]) -> None:
    with base.open("wb") as out:
        archive = Archive(out)
        archive.add("init", (HERE / "init.sh").read_bytes(), mode=PROGRAM)
        archive.add("rig/witness.py", (HERE / "guest/witness.py").read_bytes())
        for path in order:
            archive.add(f"modules/{path.stem}", modules.read_module(path))
        names = "\n".join(path.stem for path in order) + "\n"
        archive.add("modules/order", names.encode())
        archive.add("usr/bin/python3", b"python3.11", mode=LINK)
        archive.add_tree(root)
        archive.end()


def _write_board(board: Path) -> None:
    """Writes the device tree of QEMU's board, with two changes.

    The tree's `gpio-keys` owns line 3, which could then not be claimed; and gpiozero asks
    `/system/linux,revision` which Pi this is.
    """
    dumped = board.with_suffix(".dumped")
    qemu = find_program("qemu-system-aarch64")
    # Without -nic none QEMU adds a network card whose boot ROM is in a package of its own.
    run([qemu, "-M", f"virt,dumpdtb={dumped}", *BOARD, "-display", "none", "-nic", "none"])
    dtc = find_program("dtc")
    source = run([dtc, "-q", "-I", "dtb", "-O", "dts", dumped])
    changed = board.with_suffix(".dts")
    changed.write_text(change_tree(source))
    run([dtc, "-q", "-I", "dts", "-O", "dtb", "-o", board, changed])


def change_tree(source: str) -> str:
    """The device tree's source without `gpio-keys` and with a Raspberry Pi's revision.

    Raises: RigError if this QEMU's tree has no such node.
    """
    without, count = re.subn(r"\n\tgpio-keys \{.*?\n\t\};", "", source, flags=re.DOTALL)
    if count != 1:
        raise RigError(f"QEMU's device tree has {count} gpio-keys nodes, 1 was expected")
    end = without.rindex("};")
    return f"{without[:end]}\tsystem {{ linux,revision = <{PI_3B}>; }};\n{without[end:]}"


if __name__ == "__main__":
    try:
        print(f"the virtual Pi is in {build().kernel.parent}")
    except RigError as error:
        sys.exit(f"error: {error}")
