"""`anling init`: writes a branch that is ready to run."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from simulator import broker_files, config_files
from simulator.errors import SimulatorError, UsageError
from simulator.plan import Plan

PRIVATE = 0o600
PUBLIC = 0o644
OPEN_FOLDER = 0o755


def files_of(plan: Plan, folder: Path) -> dict[str, tuple[int, str]]:
    """Every file of the branch: {name: (mode, text)}. Only mosquitto.conf holds no secret."""
    files = {f"{unit}.toml": (PRIVATE, config_files.unit_file(plan, unit)) for unit in plan.units}
    files["gateway.toml"] = (PRIVATE, config_files.gateway_file(plan))
    files["board.toml"] = (PRIVATE, config_files.board_file(plan))
    files["credentials.toml"] = (PRIVATE, config_files.credentials_file(plan))
    if plan.broker == "mosquitto":
        files[broker_files.CONFIG] = (PUBLIC, broker_file(plan, folder))
    if plan.passwords:
        files[broker_files.PASSWORDS] = (PRIVATE, broker_files.passwords_file(plan))
        files[broker_files.ACCESS] = (PRIVATE, broker_files.access_file(plan))
    return files


def broker_file(plan: Plan, folder: Path) -> str:
    return broker_files.config_file(
        branch=plan.branch,
        port=plan.mqtt_port,
        guarded_in=None if plan.simulated else folder,
    )


def write(plan: Plan, folder: Path) -> None:
    """Writes the branch into `folder`, which must be empty or missing. Raises: SimulatorError."""
    is_new = not folder.exists()
    make_empty(folder)
    if is_new:
        # Whatever root's umask is: the services and the broker must reach their files, each of
        # which says itself who may read it.
        folder.chmod(OPEN_FOLDER)
    write_into(plan, folder.resolve())


def write_into(plan: Plan, folder: Path) -> None:
    """Writes the branch's files into a folder that is there. Raises: SimulatorError."""
    try:
        for name, (mode, text) in files_of(plan, folder).items():
            _write_file(folder / name, text, mode)
    except OSError as error:
        raise SimulatorError(f"{error.filename} cannot be written: {error.strerror}.") from error
    if plan.passwords:
        _give_to_mosquitto(folder)


def make_empty(folder: Path) -> None:
    """Makes sure that `folder` is there and empty. Raises: UsageError, SimulatorError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        own = next(folder.iterdir(), None)
    except FileExistsError as error:
        raise UsageError(f"{folder} is a file; name a new or empty folder.") from error
    except OSError as error:
        raise SimulatorError(f"{folder} cannot be used: {error.strerror}.") from error
    if own is not None:
        raise UsageError(
            f"{folder} has files of its own, such as {own.name}; name a new or empty folder."
        )


def _write_file(path: Path, text: str, mode: int) -> None:
    """Writes a file that nobody else could read even for a moment."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(mode)


def _give_to_mosquitto(folder: Path) -> None:
    """Lets the service read its two files, where we may give files away and it has a user."""
    if os.geteuid() != 0:
        return
    for name in (broker_files.PASSWORDS, broker_files.ACCESS):
        try:
            shutil.chown(folder / name, user="mosquitto")
        except LookupError:
            return  # mosquitto is not installed yet; the printed steps say what is to be done


def state_folder_for(folder: Path) -> str:
    """Where a branch configured in `folder` keeps its databases; "" is in the folder itself.

    /etc is read-only to the services, and rightly so.
    """
    return "/var/lib/anling" if folder.resolve().is_relative_to("/etc") else ""


def own_command() -> str:
    """How `anling` is called from any folder, with sudo too: the one beside this Python."""
    beside = Path(sys.executable).with_name("anling")
    return str(beside) if beside.is_file() else "anling"


def next_steps(plan: Plan, folder: Path, *, command: str) -> str:
    """What to do now, for whoever typed `anling init`. command: how they call `anling`."""
    folder = folder.resolve()
    head = f"Branch {plan.branch}: {len(plan.units)} units, {len(plan.points)} points in {folder}"
    next_ = _next_simulated if plan.simulated else _next_real
    return f"{head}\n{next_(plan, folder, command)}"


def _next_simulated(plan: Plan, folder: Path, command: str) -> str:
    return f"""
Run it:
  {command} demo --dir {folder}
Who may sign in, and with which PIN: {folder}/credentials.toml
{_next_empty(plan)}"""


def _next_empty(plan: Plan) -> str:
    """What the lead of an empty branch does; nothing for one with a team."""
    if not plan.empty:
        return ""
    return f"""\
The lead signs in at the board with staff id {plan.staff[0].id} and sets up the rest on its
page "Branch".
"""


def _next_real(plan: Plan, folder: Path, command: str) -> str:
    """The steps of README.md, which says more of each; a test holds them to it."""
    state = "" if plan.state_folder else ', and `state` to "/var/lib/anling/unit.db"'
    unit = plan.units[0]
    return f"""
 1. Names of points, staff and channels; then check everything:
      sudoedit {folder}/gateway.toml
      sudo {command} check {folder}/*.toml
 2. The broker, on this machine (Debian's mosquitto reads conf.d by itself):
      sudo apt-get install mosquitto
      sudo chown mosquitto {folder}/{broker_files.PASSWORDS} {folder}/{broker_files.ACCESS}
      sudo cp {folder}/{broker_files.CONFIG} /etc/mosquitto/conf.d/anling.conf
      sudo systemctl restart mosquitto
 3. Each unit: carry its file to its Raspberry Pi,
      sudo cat {folder}/{unit}.toml | ssh USER@UNIT 'umask 077; cat > unit.toml'
    and there put it in its place; set `host` under [mqtt] to this machine's address{state}:
      sudo mkdir -p /etc/anling
      sudo install -o root -g anling -m 640 unit.toml /etc/anling/unit.toml
      sudoedit /etc/anling/unit.toml
 4. The services, which run as the user anling (systemd/README.md):
      sudo systemd-sysusers /opt/anling/systemd/anling.conf
      sudo chgrp anling {folder}/gateway.toml {folder}/board.toml
      sudo chmod 640 {folder}/gateway.toml {folder}/board.toml
      sudo cp /opt/anling/systemd/anling-gateway.service /etc/systemd/system/
      sudo cp /opt/anling/systemd/anling-board.service /etc/systemd/system/
      sudo systemctl daemon-reload
      sudo systemctl enable --now anling-gateway anling-board
 5. Hand out the PINs in {folder}/credentials.toml, then take the file off this machine.
The board will answer at port {plan.board_port}.
{_next_empty(plan)}"""
