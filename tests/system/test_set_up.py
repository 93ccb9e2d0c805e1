"""The scripts that prepare a machine, on machines that lack something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running_branch import ROOT

TOOLS = ROOT / "tools"
# What the scripts need of any machine.
BASICS = (
    "sh",
    "env",
    "id",
    "dirname",
    "cat",
    "grep",
    "sed",
    "cksum",
    "find",
    "mkdir",
    "rm",
    "sudo",
)


@pytest.fixture
def poor(tmp_path: Path) -> Path:
    """A folder of programs to be the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        if name != "sudo" and (found := shutil.which(name)):
            (folder / name).symlink_to(found)
    return folder


def _script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def _run(path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / words[0], *words[1:]],
        env={"PATH": str(path), "HOME": "/nonexistent", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_named_with_what_to_do(poor: Path):
    _script(poor, "python3", "exit 1")
    done = _run(poor, "python")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr


def test_a_name_that_does_not_run_is_passed_over(poor: Path):
    _script(poor, "python3.13", "exit 127")
    _script(poor, "python3", f'exec {sys.executable} "$@"')
    done = _run(poor, "python")
    assert done.returncode == 0, done.stderr


def test_a_chosen_python_is_taken(poor: Path):
    _script(poor, "mine", f'exec {sys.executable} "$@"')
    assert _run(poor, "python", PYTHON="mine").returncode == 0


def test_no_debian_is_said(poor: Path):
    done = _run(poor, "packages", "install")
    assert done.returncode == 1
    assert "not a Debian" in done.stderr
    assert "python3-venv" in done.stderr


def test_neither_root_nor_sudo_is_said_with_the_command_to_type(poor: Path):
    _script(poor, "apt-get", "exit 1")
    (poor / "id").unlink()
    _script(poor, "id", "echo 1000")
    done = _run(poor, "packages", "install")
    assert done.returncode == 1
    assert "apt-get install python3 python3-venv" in done.stderr


def test_the_demo_does_without_mosquitto_where_it_cannot_be_installed(poor: Path):
    if any(Path(folder, "mosquitto").exists() for folder in ("/usr/local/sbin", "/usr/sbin")):
        pytest.skip("this machine has mosquitto where the script looks in any case")
    _script(poor, "python3", f'exec {sys.executable} "$@"')
    assert _run(poor, "packages", "demo").returncode == 0


def test_missing_packages_are_asked_of_apt_with_nobody_at_the_keyboard(poor: Path, tmp_path: Path):
    """The first try fails as with lists that are too old; then they are fetched."""
    said = tmp_path / "said"
    (poor / "id").unlink()
    _script(poor, "id", "echo 0")
    _script(
        poor,
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >>{said}\n'
        f'case "$*" in *update) touch {tmp_path}/fresh ;; *) [ -e {tmp_path}/fresh ] ;; esac',
    )
    (poor / "touch").symlink_to(shutil.which("touch"))
    done = _run(poor, "packages", "install")
    assert done.returncode == 0, done.stderr
    first, second, third = said.read_text().splitlines()
    assert "install" in first
    assert "update" in second
    assert "install" in third
    assert third.startswith("noninteractive ")
    assert third.endswith("python3 python3-venv")


@pytest.mark.parametrize("script", ["packages", "venv"])
def test_an_unknown_purpose_is_refused(poor: Path, script: str):
    _script(poor, "python3", f'exec {sys.executable} "$@"')
    assert _run(poor, script, "dance").returncode == 2


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing():
    scripts = [*TOOLS.iterdir(), ROOT / ".ci" / "run"]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_names_its_commands():
    done = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    for command in ("demo", "test", "install", "install-unit", "lint", "bench", "test-pi"):
        assert f"make {command} " in done.stdout
