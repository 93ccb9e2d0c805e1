"""The command line: words, exit codes, and plain sentences for whatever goes wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running_branch import ROOT, anling, wait_until

import anling as front_door

COMMANDS = ("init", "unit", "gateway", "board", "demo", "press", "check")


def test_version_is_printed():
    done = anling("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("anling ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys):
    with pytest.raises(SystemExit) as end:
        front_door.main([command, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: anling {command}")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["sing"],
        ["init"],
        ["unit"],
        ["gateway", "--conf", "x"],
        ["init", "x", "--units", "many"],
        ["init", "x", "--units", "0"],
        ["init", "x", "--mqtt-port", "70000"],
        ["init", "x", "--broker", "kafka"],
        ["demo", "--port", "-1"],
        ["press"],
        ["press", "point-1", "--hold", "nan"],
        ["press", "point-1", "--config", "a", "--ready-file", "b"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(words: list[str], capsys):
    with pytest.raises(SystemExit) as end:
        front_door.main(words)
    assert end.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["init", "{tmp}/x", "--branch", "Not An Id"],
        ["init", "{tmp}/x", "--units", "3", "--points", "2"],
        ["init", "{tmp}/x", "--units", "1", "--points", "19"],
        ["init", "{tmp}/x", "--units", "100", "--points", "100"],
        ["init", "{tmp}/x", "--broker", "embedded"],
        ["init", "{tmp}/x", "--mqtt-port", "8000"],
        ["init", "{tmp}/x", "--board-port", "1883"],
        ["init", "{tmp}/file"],
        ["press", "point-1", "--ready-file", "{tmp}/missing.json"],
        ["press", "point-1", "--ready-file", "{tmp}/file"],
        ["press", "point-1", "--config", "{tmp}/missing.toml"],
        ["press", "point-1", "--config", "{tmp}/file"],
        ["press", "point-1", "--config", "{tmp}/empty.toml"],
        ["check"],
        ["check", "{tmp}/missing.toml"],
        ["check", "{tmp}/file"],
        ["check", "{tmp}/empty.toml"],
        ["check", "{tmp}"],
        ["unit", "--config", "{tmp}/missing.toml"],
        ["gateway", "--config", "{tmp}/missing.toml"],
        ["board", "--config", "{tmp}/missing.toml"],
        ["demo", "--dir", "{tmp}", "--port", "0"],
    ],
)
def test_bad_input_is_a_plain_sentence_and_exit_2(words: list[str], tmp_path: Path):
    (tmp_path / "file").write_bytes(b"\xff\x00 no toml, no json [")
    (tmp_path / "empty.toml").write_text("")
    done = anling(*(word.format(tmp=tmp_path) for word in words))
    assert done.returncode == 2, done
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_missing_database_is_a_plain_sentence_and_exit_1(tmp_path: Path):
    done = anling("check", "--log", tmp_path / "none.db")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_unit_imports_nothing_of_gateway_board_or_simulator(tmp_path: Path):
    """What is not imported costs a small Pi neither time nor memory."""
    config = tmp_path / "unit.toml"
    config.write_text("")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", ROOT / "anling.py", "unit", "--config", config],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "firmware.main" in imported
    heavy = {"flask", "sqlite_utils", "apprise", "gateway", "dashboard", "simulator", "asyncio"}
    assert not imported & heavy


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_told_to_stop_while_it_imports_ends_well(number: signal.Signals, tmp_path: Path):
    """A package that is slow to import, as all of them are on a small Pi; started as by a script
    in its background, which makes it deaf to SIGINT unless it listens."""
    slow = tmp_path / "firmware"
    slow.mkdir()
    (slow / "__init__.py").write_text("")
    (slow / "main.py").write_text(
        f"import time; open({str(tmp_path / 'reached')!r}, 'w').close(); time.sleep(60)"
    )
    code = "import sys; import anling; sys.exit(anling.main(['unit', '--config', 'x']))"
    program = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        wait_until("it imports", (tmp_path / "reached").exists)
        program.send_signal(number)
        assert program.wait(20) == 0
    finally:
        program.kill()
        program.wait()
