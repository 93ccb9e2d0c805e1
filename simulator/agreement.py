"""What configuration files of one branch, given together, must say alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from protocol.settings import ConfigFault, Findings, as_far_as_read, readable
from simulator.kinds import File

# Who is held against whom: a board against a gateway; a unit against a gateway, else a board.
_RANKS = {"gateway": 0, "board": 1}
_LOWEST = 2

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def of_branch(files: Sequence[File]) -> list[ConfigFault]:
    """Where the files disagree about the branch, its units and points, and its database."""
    return [*_held_against(files, _branch_rules), *_twin_units(files)]


def of_ports(files: Sequence[File]) -> list[ConfigFault]:
    """Where the files disagree about ports, or want one for two programs."""
    boards = [file for file in files if file.kind == "board"]
    twice = [
        ConfigFault(board.path, key, text)
        for board in boards
        for key, text in as_far_as_read(_port_of_two, board)
    ]
    return [*_held_against(files, _other_port), *twice]


def _held_against(
    files: Sequence[File], rules: Callable[[File, File], Findings]
) -> list[ConfigFault]:
    """What the rules find of each file beside the one that it is held against, if there is one."""
    return [
        ConfigFault(file.path, key, text)
        for file in files
        if (judge := _judge_of(file, files)) is not None
        for key, text in as_far_as_read(rules, file, judge)
    ]


def _judge_of(file: File, files: Sequence[File]) -> File | None:
    """Of several branches' files, each is held against those of its own."""
    rank, branch = _rank(file), _branch_of(file)
    judges = [one for one in files if _rank(one) < rank]
    return min(judges, key=lambda one: (_rank(one), _branch_of(one) != branch), default=None)


def _rank(file: File) -> int:
    return _RANKS.get(file.kind, _LOWEST)


def _branch_of(file: File) -> str | None:
    return dict(readable([file.config], lambda config: config.branch)).get(0)


# --- what each rule says of a file beside its judge ---


def _branch_rules(file: File, judge: File) -> Findings:
    if file.config.branch != judge.config.branch:
        yield "branch", f"is {file.config.branch!r}, but {judge.name} is of {judge.config.branch!r}"
    elif judge.kind == "gateway" and file.kind == "unit":
        yield from as_far_as_read(_unknown_points, file, judge)
        yield from as_far_as_read(_points_of_others, file, judge)
    elif judge.kind == "gateway" and file.kind == "board":
        yield from as_far_as_read(_other_store, file, judge)


def _unknown_points(unit: File, gateway: File) -> Findings:
    known = {point.id for point in gateway.config.points}
    if not known:
        return  # a gateway's file without points leaves them to the pages
    for number, name in readable(unit.config.points, lambda point: point.id):
        if name not in known:
            text = f"is {name!r}, which is not in [[points]] of {gateway.name}; add it there"
            yield f"points[{number}].id", text


def _points_of_others(unit: File, gateway: File) -> Findings:
    # A point that stands there twice, as another unit's too, is a fault of the gateway's file.
    pairs = [pair for _, pair in readable(gateway.config.points, lambda one: (one.id, one.unit))]
    owners = dict(pairs)
    own = unit.config.unit
    for number, name in readable(unit.config.points, lambda point: point.id):
        if name in owners and (name, own) not in pairs:
            text = f"is {name!r}, which is of {owners[name]} in {gateway.name}, not of {own}"
            yield f"points[{number}].id", text


def _other_store(board: File, gateway: File) -> Findings:
    if _store_of(board) != _store_of(gateway):
        yield (
            "store",
            f"is {str(_store_of(board))!r}, but {gateway.name} has {str(_store_of(gateway))!r}; "
            "the board reads the gateway's database",
        )


def _store_of(file: File) -> Path:
    """As the programs find it: beside the file, unless absolute."""
    return (Path(file.path).parent / file.config.store).resolve()


def _other_port(file: File, judge: File) -> Findings:
    """Only ports: a unit reaches by an address what is 127.0.0.1 to the gateway.

    A broker has one port for connections that are encrypted and another for those that are not.
    """
    if file.kind == "credentials" or file.config.branch != judge.config.branch:
        return
    own, other = file.config.mqtt, judge.config.mqtt
    if own.port != other.port and bool(own.tls_ca_file) == bool(other.tls_ca_file):
        yield (
            "mqtt.port",
            f"is {own.port}, but {judge.name} has {other.port}; a branch has one broker",
        )


# --- what needs no judge ---


def _port_of_two(board: File) -> Findings:
    http, mqtt = board.config.http, board.config.mqtt
    if http.port == mqtt.port and mqtt.host in LOOPBACK:
        yield (
            "http.port",
            f"is {http.port}, which is the broker's as well (mqtt.port); each needs its own",
        )


def _twin_units(files: Sequence[File]) -> list[ConfigFault]:
    found = []
    first: dict[tuple[str, str], File] = {}
    units = [file for file in files if file.kind == "unit"]
    names = readable(units, lambda file: (file.config.branch, file.config.unit))
    for number, name in names:
        if name in first:
            text = f"is {name[1]!r}, which {first[name].name} is as well; each unit has one file"
            found.append(ConfigFault(units[number].path, "unit", text))
        first.setdefault(name, units[number])
    return found
