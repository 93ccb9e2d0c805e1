"""`anling init`: the files of a branch."""

from __future__ import annotations

import os
import re
import socket
import stat
import tomllib
from pathlib import Path

import pytest
from running_branch import ROOT, anling
from werkzeug.security import check_password_hash

from simulator import folder, lines, plan
from simulator.errors import UsageError
from simulator.init import files_of, next_steps, state_folder_for, write


def test_a_new_branch_has_every_file_and_nothing_wrong(tmp_path: Path):
    done = anling("init", tmp_path / "b")
    assert done.returncode == 0, done.stderr
    names = {file.name for file in (tmp_path / "b").iterdir()}
    assert names == {
        *("unit-01.toml", "unit-02.toml", "unit-03.toml", "gateway.toml", "board.toml"),
        *("credentials.toml", "mosquitto.conf", "mosquitto.acl", "mosquitto.passwords"),
    }
    checked = anling("check", *sorted((tmp_path / "b").glob("*.toml")))
    assert checked.returncode == 0, checked.stderr
    assert "mosquitto" in done.stdout


def test_a_simulated_branch_is_right_and_lets_anybody_in_from_here(tmp_path: Path):
    done = anling("init", tmp_path / "b", "--simulated", "--mqtt-port", "1884", "--branch", "b-7")
    assert done.returncode == 0, done.stderr
    assert anling("check", *sorted((tmp_path / "b").glob("*.toml"))).returncode == 0
    config = (tmp_path / "b" / "mosquitto.conf").read_text()
    assert "listener 1884 127.0.0.1" in config
    assert "allow_anonymous true" in config
    unit = tomllib.loads((tmp_path / "b" / "unit-01.toml").read_text())
    assert (unit["branch"], unit["gpio"]["backend"]) == ("b-7", "simulated")
    assert "password" not in unit["mqtt"]


def test_an_embedded_broker_needs_no_file(tmp_path: Path):
    assert anling("init", tmp_path / "b", "--simulated", "--broker", "embedded").returncode == 0
    assert not (tmp_path / "b" / "mosquitto.conf").exists()


def test_what_holds_a_secret_is_for_its_owner_alone(tmp_path: Path):
    anling("init", tmp_path / "b")
    for file in (tmp_path / "b").iterdir():
        mode = stat.S_IMODE(file.stat().st_mode)
        assert mode == (0o644 if file.name == "mosquitto.conf" else 0o600), file.name


def test_a_folder_with_files_of_its_own_is_left_alone(tmp_path: Path):
    (tmp_path / "precious").write_text("mine")
    done = anling("init", tmp_path)
    assert done.returncode == 2
    assert "precious" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["precious"]


def test_points_go_over_the_units_in_turn():
    new = _plan(units=3, points=7)
    assert [(point.id, point.unit) for point in new.points] == [
        ("point-1", "unit-01"),
        ("point-2", "unit-02"),
        ("point-3", "unit-03"),
        ("point-4", "unit-01"),
        ("point-5", "unit-02"),
        ("point-6", "unit-03"),
        ("point-7", "unit-01"),
    ]
    assert len({point.label for point in new.points}) == 7


def test_the_first_point_of_a_unit_has_the_lines_of_the_wiring_table():
    assert lines.share(1) == [{"call": 5, "seat": 6, "presence": 13, "lamp": 19, "sounder": 26}]


@pytest.mark.parametrize("count", range(1, lines.MAX_POINTS + 1))
def test_no_line_is_given_twice_and_every_point_can_call(count: int):
    shared = lines.share(count)
    assert len(shared) == count
    given = [line for point in shared for line in point.values()]
    assert len(given) == len(set(given))
    assert not set(given) & {0, 1, 2, 3, 14, 15}
    assert all("call" in point for point in shared)
    assert shared[0].keys() == {"call", "seat", "presence", "lamp", "sounder"}


def test_more_points_than_lines_are_refused():
    with pytest.raises(UsageError, match="more units"):
        lines.share(lines.MAX_POINTS + 1)


def test_staff_cover_every_role_and_their_pins_fit_the_hashes(tmp_path: Path):
    anling("init", tmp_path / "b", "--simulated")
    gateway = tomllib.loads((tmp_path / "b" / "gateway.toml").read_text())
    pins = {
        one["id"]: one["pin"]
        for one in tomllib.loads((tmp_path / "b" / "credentials.toml").read_text())["staff"]
    }
    roles = {role for one in gateway["staff"] for role in one["roles"]}
    assert roles == {"customer_service", "security", "first_aid", "lead", "maintenance", "admin"}
    for one in gateway["staff"]:
        assert len(pins[one["id"]]) == 6
        assert check_password_hash(one["pin_hash"], pins[one["id"]])


def test_an_empty_branch_has_one_lead_and_leaves_the_rest_to_the_pages(tmp_path: Path):
    done = anling("init", tmp_path / "b", "--empty")
    assert done.returncode == 0, done.stderr
    assert "staff id 101" in done.stdout
    files = sorted((tmp_path / "b").glob("*.toml"))
    gateway = tomllib.loads((tmp_path / "b" / "gateway.toml").read_text())
    assert [one["roles"] for one in gateway["staff"]] == [["lead"]]
    assert gateway["staff"][0]["pin_hash"]
    assert len(gateway["units"]) == 3
    assert gateway.keys().isdisjoint({"points", "channels", "policy"})
    unit = tomllib.loads((tmp_path / "b" / "unit-01.toml").read_text())
    assert [one["id"] for one in unit["points"]] == ["point-1", "point-4"]
    checked = anling("check", *files)
    assert checked.returncode == 0, checked.stderr


def test_two_branches_share_no_secret(tmp_path: Path):
    one, other = _plan(), _plan()
    assert one.token != other.token
    assert one.secret_key != other.secret_key
    assert set(one.passwords.values()).isdisjoint(other.passwords.values())


def test_no_secret_stands_in_a_file_of_somebody_else(tmp_path: Path):
    new = _plan()
    files = files_of(new, tmp_path)
    for program, password in new.passwords.items():
        holders = {name for name, (_, text) in files.items() if password in text}
        own = {f"{program}.toml"} & files.keys()  # pagers are no program of ours
        assert holders == own | {"credentials.toml"}
    assert {name for name, (_, text) in files.items() if new.token in text} == {"credentials.toml"}


def test_the_folder_can_be_entered_whatever_the_umask(tmp_path: Path):
    """The broker and the services are other users; each file says itself who may read it."""
    before = os.umask(0o077)
    try:
        write(_plan(), tmp_path / "b")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "b" / "gateway.toml").stat().st_mode) == 0o600


COMMAND = re.compile(r"^ {4,}(sudo.*?)(?:  +#.*)?$", re.MULTILINE)


def test_the_printed_steps_are_those_of_the_readme():
    """In its order; the README adds what is done on other machines."""
    steps = next_steps(
        _plan(state_folder="/var/lib/anling"), Path("/etc/anling"), command=".venv/bin/anling"
    )
    printed = COMMAND.findall(steps)
    written = COMMAND.findall((ROOT / "README.md").read_text())
    assert len(printed) > 10
    # The user is made in the README's first step, before anything is there to be given to it.
    sysusers = "sudo systemd-sysusers /opt/anling/systemd/anling.conf"
    printed.remove(sysusers)
    assert sysusers in written
    later = iter(written)
    assert [step for step in printed if step not in later] == []


def test_the_commands_of_the_services_are_those_of_the_readme():
    written = COMMAND.findall((ROOT / "README.md").read_text())
    for command in COMMAND.findall((ROOT / "systemd" / "README.md").read_text()):
        assert command in written


@pytest.mark.parametrize("name", ["gateway", "board", "unit"])
def test_the_user_of_a_service_is_given_the_file_that_it_reads(name: str):
    service = (ROOT / "systemd" / f"anling-{name}.service").read_text()
    file = f"/etc/anling/{name}.toml"
    assert f"--config {file}\n" in service
    assert "\nUser=anling\nGroup=anling\n" in service
    given = [
        command
        for command in COMMAND.findall((ROOT / "systemd" / "README.md").read_text())
        if file in command and re.search(r"chgrp anling|-g anling -m 640", command)
    ]
    assert len(given) == 1


def test_below_etc_databases_go_where_services_may_write():
    assert state_folder_for(Path("/etc/anling")) == "/var/lib/anling"
    assert state_folder_for(Path("/srv/anling")) == ""
    text = files_of(_plan(state_folder="/var/lib/anling"), Path("/etc/anling"))["board.toml"][1]
    assert tomllib.loads(text)["store"] == "/var/lib/anling/anling.db"


def test_mosquitto_takes_the_file_beside_debians_own(idle_mosquitto, tmp_path: Path):
    """Debian's mosquitto.conf includes conf.d and sets some of the same options."""
    anling("init", tmp_path / "b", "--simulated", "--mqtt-port", idle_mosquitto.port)
    own = tmp_path / "conf.d"
    own.mkdir()
    (own / "anling.conf").write_text((tmp_path / "b" / "mosquitto.conf").read_text())
    main = tmp_path / "mosquitto.conf"
    main.write_text(
        f"persistence true\npersistence_location {tmp_path}/\n"
        f"log_dest file {tmp_path}/m.log\ninclude_dir {own}\n"
    )
    idle_mosquitto.start(main)
    with socket.create_connection((idle_mosquitto.host, idle_mosquitto.port), timeout=5):
        pass


def test_a_port_is_changed_and_nothing_else():
    text = '# x\n[mqtt]\nhost = "h"\nport = 1 # why\n\n[http]\nport = 2\n'
    assert folder.with_port(text, table="mqtt", port=77) == text.replace("port = 1", "port = 77")
    assert folder.with_port(text, table="http", port=77) == text.replace("port = 2", "port = 77")
    without = '[mqtt]\nhost = "h"\n'
    assert tomllib.loads(folder.with_port(without, table="mqtt", port=77))["mqtt"]["port"] == 77
    assert tomllib.loads(folder.with_port("a = 1\n", table="mqtt", port=7))["mqtt"]["port"] == 7


def _plan(*, units: int = 3, points: int = 6, state_folder: str = "") -> plan.Plan:
    return plan.make(
        branch="b001",
        units=units,
        points=points,
        simulated=False,
        mqtt_port=1883,
        board_port=8000,
        state_folder=state_folder,
    )
