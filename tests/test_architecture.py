"""The rules of the house that a program can check: see docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("protocol", "firmware", "gateway", "dashboard", "simulator")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]

# room → what of ours it may import besides itself. A package stands for all that is in it.
MAY_IMPORT = {
    "protocol": (),
    "firmware": ("protocol",),
    "gateway": ("protocol",),
    "dashboard": ("protocol", "gateway.store"),
    # It starts the others as processes, and knows of them only what their files look like.
    "simulator": (
        *("protocol", "firmware.config", "gateway.config", "dashboard.config"),
        *("gateway.chain", "gateway.store"),  # `anling check --log` reads a store
    ),
}

# Files that must be pure, whatever they say of themselves.
PURE = (
    *("firmware/unit.py", "firmware/indicators.py", "firmware/buttons/debounce.py"),
    *("firmware/buttons/wiring.py", "firmware/buttons/seat.py", "gateway/incident.py"),
    *("gateway/actions.py", "gateway/comings.py", "gateway/responders.py", "gateway/steps.py"),
    *("gateway/policy.py", "gateway/roster.py", "gateway/supervision.py"),
)
PURE_MAY_IMPORT = {
    *("__future__", "dataclasses", "enum", "typing", "math", "collections", "hashlib", "re"),
    *("itertools", "functools", "operator", "collections.abc"),
    *("protocol.messages", "protocol.moment"),
    *("bisect", "datetime", "zoneinfo"),  # calendars; that they ask no clock is looked for below
    "dashboard.wire",  # as protocol.messages: words in the form of frozen dataclasses
    "urllib.parse",  # takes addresses apart, and reaches none
    "datetime",  # its arithmetic; the next test but one sees that nobody asks it for the time
    *("msgspec", "protocol.settings"),  # what a body must look like, and every fault of it
}

# module → where its only importers are.
SOLE_IMPORTERS = {
    "paho": "protocol/",
    "sqlite_utils": "gateway/store/sqlite.py",
    "cryptography": "gateway/store/",
}

# What a small Pi has neither the memory nor the time for.
HEAVY = (
    "cryptography",
    "flask",
    "sqlite_utils",
    "apprise",
    "pydantic",
    "uvicorn",
    "matplotlib",
    "werkzeug",
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[str]:
    """Every module the file imports, at the top or inside a function; of ours by full name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: say where from, not how many dots up"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if _is_module(whole) else str(node.module)


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def is_pure(path: Path) -> bool:
    return (ast.get_docstring(tree_of(path)) or "").startswith("PURE")


def ids(path: Path) -> str:
    return name_of(path)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = name_of(path).split("/")[0]
    allowed = (room, *MAY_IMPORT[room])
    strangers = [
        name
        for name in imports_of(path)
        if name.split(".")[0] in (*ROOMS, "anling", "tests")
        and not any(is_in(name, one) for one in allowed)
    ]
    assert strangers == []


@pytest.mark.parametrize("name", PURE)
def test_files_of_decisions_say_that_they_are_pure(name: str) -> None:
    assert is_pure(ROOT / name)


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(path)], ids=ids)
def test_pure_files_reach_no_clock_thread_socket_database_or_pin(path: Path) -> None:
    """They import next to nothing, and of ours only what imports as little."""
    waiting, seen = [path], {path}
    while waiting:
        file = waiting.pop()
        for name in set(imports_of(file)) - PURE_MAY_IMPORT:
            other = ROOT.joinpath(*name.split(".")).with_suffix(".py")
            assert other.is_file(), f"{name_of(path)}: {name_of(file)} imports {name}"
            if other not in seen:
                seen.add(other)
                waiting.append(other)


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(path)], ids=ids)
def test_pure_files_open_and_print_nothing(path: Path) -> None:
    called = {
        node.func.id
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called.isdisjoint({"open", "print", "input", "eval", "exec", "__import__"})


@pytest.mark.parametrize("path", [path for path in FILES if is_pure(path)], ids=ids)
def test_pure_files_ask_no_calendar_for_the_time(path: Path) -> None:
    asked = {
        node.func.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert asked.isdisjoint({"now", "utcnow", "today", "localtime", "read_text", "write_text"})


@pytest.mark.parametrize("module", SOLE_IMPORTERS)
def test_a_library_has_one_importer(module: str) -> None:
    importers = [
        name_of(path)
        for path in [*FILES, ROOT / "anling.py"]
        if any(is_in(name, module) for name in imports_of(path))
    ]
    assert importers
    assert [one for one in importers if not one.startswith(SOLE_IMPORTERS[module])] == []


# systemd's socket; the folder that lgpio can only be told of by the environment. The simulator,
# which starts programs, may look at and hand on what it likes.
READS_ENVIRONMENT = {"protocol/service.py", "firmware/buttons/gpio.py"}


@pytest.mark.parametrize("path", [p for p in FILES if p.parts[-2] != "simulator"], ids=ids)
def test_nobody_is_configured_by_the_environment(path: Path) -> None:
    used = {
        node.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    assert name_of(path) in READS_ENVIRONMENT or used.isdisjoint({"environ", "getenv"})


def test_the_folder_of_services_does_not_shadow_python_systemd() -> None:
    assert not list((ROOT / "systemd").rglob("*.py"))


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded after `code` ran in a fresh Python."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.split(".")[0] for line in done.stdout.splitlines()}


def test_a_unit_loads_nothing_that_a_small_pi_cannot_carry() -> None:
    loaded = loaded_by("import anling, firmware.main")
    assert "paho" in loaded
    assert loaded.isdisjoint({*HEAVY, "gateway", "dashboard", "simulator"})


def test_the_front_door_itself_loads_none_of_the_rooms() -> None:
    assert loaded_by("import anling").isdisjoint({*ROOMS, *HEAVY, "gpiozero", "paho", "msgspec"})


def test_a_gateway_without_channels_does_not_carry_the_board() -> None:
    loaded = loaded_by("import anling, gateway.main")
    assert loaded.isdisjoint({"flask", "apprise", "pydantic", "uvicorn", "matplotlib", "gpiozero"})
    # sqlite-utils would take them along, 13 MiB and a seventh of a second.
    assert loaded.isdisjoint({"numpy", "pandas"})
