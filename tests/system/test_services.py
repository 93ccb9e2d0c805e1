"""The files in systemd/, as systemd itself sees them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running_branch import ROOT

SERVICES = ("anling-unit", "anling-gateway", "anling-board")
# Above this, systemd says MEDIUM or worse.
MOST_EXPOSED = 2.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@pytest.fixture
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The service with a program that exists here."""
    text = (ROOT / "systemd" / f"{request.param}.service").read_text()
    path = tmp_path / f"{request.param}.service"
    path.write_text(text.replace("/opt/anling/.venv/bin/anling", sys.executable))
    return path


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, indirect=True)
def test_systemd_finds_nothing_wrong(service: Path):
    done = subprocess.run(
        ["systemd-analyze", "verify", service], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, indirect=True)
def test_the_sandbox_is_tight(service: Path):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", service],
        capture_output=True,
        text=True,
        check=False,
    )
    verdict = next(line for line in done.stdout.splitlines() if "Overall exposure" in line)
    print(verdict)
    assert float(verdict.split(":")[1].split()[0]) <= MOST_EXPOSED


@pytest.mark.parametrize("name", SERVICES)
def test_it_restarts_for_ever_and_is_watched(name: str):
    lines = (ROOT / "systemd" / f"{name}.service").read_text().splitlines()
    for wanted in (
        "Type=notify",
        "NotifyAccess=main",
        "WatchdogSec=30",
        "Restart=always",
        "RestartSec=1",
        "StartLimitIntervalSec=0",
    ):
        assert wanted in lines


def test_the_folder_is_no_package():
    """It would hide python-systemd from everybody."""
    assert not (ROOT / "systemd" / "__init__.py").exists()
