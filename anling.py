"""The front door: the command line. Each command imports what it needs, and only that."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

DONE, FAILED, WRONG = 0, 1, 2


class Parser(argparse.ArgumentParser):
    """Answers wrong usage with one sentence, not with a page."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}. See: {self.prog} --help", file=sys.stderr)
        sys.exit(WRONG)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        # A program that was told to stop before it could listen has done what it was told.
        return DONE if options.command in (_unit, _gateway, _board, _demo) else FAILED
    except BrokenPipeError:
        # Whoever read our words has gone; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except ModuleNotFoundError as error:
        return _complain(f"The package {error.name} is not installed: run `make install`.", FAILED)


def _complain(text: object, code: int) -> int:
    print(text, file=sys.stderr)
    return code


class Version(argparse.Action):
    """Looks the version up only when it is asked for: a small Pi takes a while to."""

    def __call__(self, parser, namespace, values, option_string=None) -> NoReturn:
        from protocol.version import version

        print(f"anling {version()}")
        parser.exit()


# --- commands ---


def _stop_while_importing() -> None:
    """Makes both signals end us with 0 until the program listens: a small Pi imports for long.

    SIGINT too, since a script's shell starts what it puts into its background deaf to it.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(DONE))


def _unit(options: argparse.Namespace) -> int:
    _stop_while_importing()
    from firmware.main import run

    return run(options.config)


def _gateway(options: argparse.Namespace) -> int:
    _stop_while_importing()
    from gateway.main import run

    return run(options.config)


def _board(options: argparse.Namespace) -> int:
    _stop_while_importing()
    from dashboard.main import run

    return run(options.config)


def _simulated(command: Callable[[argparse.Namespace], int]) -> Callable:
    """The command with what can go wrong in the simulator said in a sentence."""

    def guarded(options: argparse.Namespace) -> int:
        from protocol.settings import ConfigError
        from simulator.errors import SimulatorError, UsageError

        try:
            return command(options)
        except (UsageError, ConfigError) as error:
            return _complain(error, WRONG)
        except SimulatorError as error:
            return _complain(error, FAILED)

    return guarded


@_simulated
def _init(options: argparse.Namespace) -> int:
    from simulator import init, plan

    new = plan.make(
        branch=options.branch,
        units=options.units,
        points=options.points,
        simulated=options.simulated,
        mqtt_port=options.mqtt_port,
        board_port=options.board_port,
        broker=options.broker,
        state_folder=init.state_folder_for(options.dir),
        empty=options.empty,
    )
    init.write(new, options.dir)
    print(init.next_steps(new, options.dir, command=init.own_command()), end="")
    return DONE


@_simulated
def _demo(options: argparse.Namespace) -> int:
    _stop_while_importing()
    from simulator import demo

    return demo.run(
        demo.Options(
            folder=options.dir,
            board_port=options.port,
            mqtt_port=options.mqtt_port,
            units=options.units,
            points=options.points,
            broker=options.broker,
            ready_file=options.ready_file,
            empty=options.empty,
        )
    )


@_simulated
def _press(options: argparse.Namespace) -> int:
    from simulator import press, ready

    if options.config is not None:
        target = press.target_of_config(options.config)
    else:
        path = options.ready_file or ready.default_path(os.environ)
        target = press.target_of_ready_file(path)
    print(press.run(target, options.point, hold_s=options.hold))
    return DONE


def _check(options: argparse.Namespace) -> int:
    if not options.files and options.log is None:
        return _complain(
            "Name the files to check, or a database or an exported log with --log.", WRONG
        )
    if options.head is not None and options.log is None:
        return _complain("--head is a hash of a log: name that too, with --log.", WRONG)
    code = _check_files(options.files) if options.files else DONE
    if code or options.log is None:
        return code
    return _check_log(options.log, options.head)


def _check_files(files: list[str]) -> int:
    from simulator import check

    faults = check.faults_of(files)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"{len(files)} {'file' if len(files) == 1 else 'files'}: nothing wrong")
    return WRONG if faults else DONE


def _check_log(path: str, head: str | None) -> int:
    from gateway.errors import StoreError
    from simulator import check
    from simulator.errors import SimulatorError

    try:
        verdict = check.check_log(path, head=head)
    except (StoreError, SimulatorError) as error:
        text = error if isinstance(error, StoreError) else f"{path}: {error}"
        return _complain(text, FAILED)
    if verdict.broken is not None:
        return _complain(f"{path}: {verdict.broken}", FAILED)
    if head is not None and verdict.head_seq is None:
        return _complain(
            f"{path}: no entry has the hash {head}: the log was cut off before it, or it is that of"
            " another log",
            FAILED,
        )
    if not verdict.last:
        print(f"{path}: there is no entry in this log")
    elif verdict.is_part:
        print(
            f"{path}: entries {verdict.first} to {verdict.last} follow each other without a change;"
            f" what was before entry {verdict.first} is not in this file"
        )
    else:
        print(f"{path}: the log is whole")
    if head is not None:
        print(f"{path}: the hash that was written down is that of entry {verdict.head_seq}")
    return DONE


# --- their words ---


def _parser() -> Parser:
    parser = Parser(
        prog="anling",
        description="Anling (安铃): the emergency call system of a branch.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_init(commands)
    _add_programs(commands)
    _add_demo(commands)
    _add_press(commands)
    _add_check(commands)
    return parser


def _add(commands, name: str, run: Callable, text: str) -> Parser:
    parser = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(command=run)
    return parser


def _add_init(commands) -> None:
    parser = _add(commands, "init", _init, "write a branch ready to run into DIR")
    parser.add_argument("dir", metavar="DIR", type=Path, help="a new or empty folder")
    parser.add_argument("--branch", default="b001", metavar="ID", help="default: %(default)s")
    parser.add_argument("--units", type=_count, default=3, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--points", type=_count, default=6, metavar="N", help="over the units in turn; default: 6"
    )
    parser.add_argument(
        "--simulated", action="store_true", help="no pins, and a broker for this machine only"
    )
    _add_port(parser, "--mqtt-port", 1883, least=1)
    _add_port(parser, "--board-port", 8000, least=1)
    parser.add_argument("--broker", choices=("mosquitto", "embedded"), default="mosquitto")
    _add_empty(parser)


def _add_programs(commands) -> None:
    for name, run, text in (
        ("unit", _unit, "run a unit until SIGTERM or SIGINT"),
        ("gateway", _gateway, "run the gateway until SIGTERM or SIGINT"),
        ("board", _board, "run the status board until SIGTERM or SIGINT"),
    ):
        parser = _add(commands, name, run, text)
        parser.add_argument("--config", required=True, metavar="FILE", help="its TOML file")


def _add_demo(commands) -> None:
    parser = _add(commands, "demo", _demo, "run a whole simulated branch on this machine")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="keep everything in this folder")
    _add_port(parser, "--port", 8000, least=0)
    _add_port(parser, "--mqtt-port", 0, least=0)
    parser.add_argument("--units", type=_count, metavar="N", help="of a new branch; default: 3")
    parser.add_argument(
        "--points", type=_count, metavar="N", help="over the units in turn; default: 6"
    )
    parser.add_argument("--broker", choices=("auto", "mosquitto", "embedded"), default="auto")
    _add_empty(parser)
    parser.add_argument(
        "--ready-file", type=Path, metavar="FILE", help="written when a press would be answered"
    )


def _add_press(commands) -> None:
    parser = _add(commands, "press", _press, "press a simulated button")
    parser.add_argument("point", metavar="POINT", help="such as point-1")
    parser.add_argument(
        "--hold", type=_seconds, metavar="S", help="seconds to hold it; 3 make a call urgent"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", type=Path, metavar="FILE", help="a simulated unit's file")
    where.add_argument(
        "--ready-file", type=Path, metavar="FILE", help="a demo's; default: that of the last demo"
    )


def _add_check(commands) -> None:
    parser = _add(commands, "check", _check, "name every fault of configuration files or of a log")
    parser.add_argument("files", metavar="FILE", nargs="*", help="configuration files")
    parser.add_argument(
        "--log",
        metavar="FILE",
        help="a gateway's database, or a log exported as .csv or .json: is it unchanged?",
    )
    parser.add_argument(
        "--head",
        metavar="HASH",
        type=_hash,
        help="with --log: a hash (log_head) that was written down; is the log cut off before it?",
    )


def _hash(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise argparse.ArgumentTypeError(f"{text} is no hash of the log: 64 digits and letters a-f")
    return text.lower()


def _add_empty(parser: Parser) -> None:
    parser.add_argument(
        "--empty",
        action="store_true",
        help="one lead and no named points: everything else is set up on the pages",
    )


def _add_port(parser: Parser, option: str, default: int, *, least: int) -> None:
    free = "; 0: any free one" if least == 0 else ""

    def port(text: str) -> int:
        number = _whole(text)
        if not least <= number <= 65535:
            raise argparse.ArgumentTypeError(f"{number} is no port: {least} to 65535 are allowed")
        return number

    parser.add_argument(
        option, type=port, default=default, metavar="PORT", help=f"default: {default}{free}"
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _count(text: str) -> int:
    number = _whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too few: at least 1")
    return number


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} s cannot be held")
    return number


if __name__ == "__main__":
    sys.exit(main())
