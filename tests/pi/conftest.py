"""Fixtures: the image once, then for each test a branch on the host and a virtual Pi of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.config import GpioConfig

from .branch import Branch
from .build import Image, build
from .machine import VirtualPi


@pytest.fixture(scope="session")
def image() -> Image:
    """Kernel, root and device tree; the first time they are fetched, which takes a minute."""
    return build()


@pytest.fixture
def branch(tmp_path: Path) -> Iterator[Branch]:
    """A running broker and gateway."""
    folder = tmp_path / "branch"
    folder.mkdir()
    branch = Branch(folder)
    try:
        branch.start()
        yield branch
    finally:
        branch.stop()


@pytest.fixture
def backend() -> str:
    """The unit's default backend; a test may ask for others by its parameters."""
    return GpioConfig().backend


@pytest.fixture
def witness() -> int | None:
    """The line whose pulses the guest reports; none, since that costs a little time at boot."""
    return None


@pytest.fixture
def pi(
    image: Image, branch: Branch, backend: str, witness: int | None, tmp_path: Path
) -> Iterator[VirtualPi]:
    """A virtual Pi of the branch, without power yet."""
    folder = tmp_path / "pi"
    folder.mkdir()
    state = {"unit-01.toml": branch.unit_config(backend=backend)}
    pi = VirtualPi(image, folder, state=state, witness=witness)
    try:
        yield pi
    finally:
        pi.power_cut()
        print(f"\n--- the unit's console\n{pi.console}")  # pytest shows it when a test fails
