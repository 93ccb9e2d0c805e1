"""The unit's program: configuration → parts → loop, until a signal."""

from __future__ import annotations

import logging
import signal
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from firmware import config as configuration
from firmware.buttons.gpio import Lines
from firmware.config import UnitConfig
from firmware.errors import OutboxDamaged, OutboxError, UnitError
from firmware.events import LineChanged, Remembered
from firmware.indicators import Indicators
from firmware.loop import Loop, Stop
from firmware.outbox import Outbox
from firmware.simulation import Hands
from firmware.state import begin
from protocol import clock
from protocol.inbox import Inbox
from protocol.link import Link, LinkEvent, Will
from protocol.lock import AlreadyRunning, ProgramLock
from protocol.messages import UnitStatus
from protocol.settings import ConfigError
from protocol.topics import Topics
from protocol.version import version

log = logging.getLogger(__name__)

DONE, FAILED, WRONG_CONFIGURATION = 0, 1, 2


def run(config_path: str) -> int:
    """Runs the unit until SIGTERM or SIGINT; the program's exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s: %(message)s")
    # Absolute, because lgpio moves the process to another folder.
    path = Path(config_path).absolute()
    try:
        config = configuration.load(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return WRONG_CONFIGURATION
    state = path.parent / config.state
    try:
        with ProgramLock(state):
            _work(config, state)
    except (UnitError, AlreadyRunning) as error:
        log.error("%s", error)
        return FAILED
    return DONE


def _work(config: UnitConfig, state: Path) -> None:
    inbox: Inbox[LineChanged | LinkEvent | Stop] = Inbox()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: inbox.put(Stop()))
    lines = _lines(config, state.parent)
    lines.start(inbox.put)
    try:
        loop = _loop(config, state, inbox=inbox, lines=lines)
        try:
            loop.run()
        finally:
            loop.stop()
    finally:
        lines.stop()


def _loop(
    config: UnitConfig,
    state: Path,
    *,
    inbox: Inbox[LineChanged | LinkEvent | Stop],
    lines: Lines,
) -> Loop:
    # First of all, so that a press while the outbox opens is an edge like any other.
    now, levels = clock.now(), lines.read()
    outbox = Outbox(state)
    remembered, is_damaged = _open(outbox)
    unit = begin(
        configuration.settings(config, version()),
        token=uuid.uuid4().hex,
        remembered=remembered,
        levels=levels,
        now=now,
        is_damaged=is_damaged,
    )
    return Loop(
        unit,
        inbox=inbox,
        lines=lines,
        indicators=_indicators(config),
        outbox=outbox,
        link=_link(
            config,
            Hands(lines=lines, deliver=inbox.put).hear if lines.is_simulated else inbox.put,
            first_session=remembered.session + 1,
        ),
        folder=state.parent,
        clock=clock.now,
    )


def _open(outbox: Outbox) -> tuple[Remembered, bool]:
    """What the outbox holds, and whether it was damaged. A unit works without one if it must."""
    try:
        return outbox.open(), False
    except OutboxDamaged as error:
        try:
            aside = outbox.move_aside(clock.now().utc_ms)
            log.error("%s; it is now %s, and a new one begins", error, aside)
            return outbox.open(), True
        except OutboxError as problem:
            log.error("%s; alerts wait in memory", problem)
            return Remembered(), True
    except OutboxError as error:
        log.error("%s; alerts wait in memory", error)
        return outbox.peek(), False


def _lines(config: UnitConfig, folder: Path) -> Lines:
    points = config.points
    wired = [line for point in points for line in (point.lamp, point.sounder) if line is not None]
    return Lines(
        backend=config.gpio.backend,
        pull=config.gpio.pull,
        active_high=config.gpio.active_high,
        inputs=[line for point in points for line in point.inputs().values()],
        outputs=wired,
        changeovers={point.call: point.call_nc for point in points if point.call_nc is not None},
        folder=folder,
    )


def _indicators(config: UnitConfig) -> Indicators:
    points = config.points
    return Indicators(
        lamps={point.id: point.lamp for point in points if point.lamp is not None},
        sounders={point.id: point.sounder for point in points if point.sounder is not None},
    )


def _link(config: UnitConfig, deliver: Callable[[LinkEvent], None], *, first_session: int) -> Link:
    topics = Topics(config.branch)
    return Link(
        broker=config.mqtt,
        topics=topics,
        client_id=f"{config.branch}-{config.unit}",
        deliver=deliver,
        subscriptions=_subscriptions(config, topics),
        will=Will("unit_status", (config.unit,), _farewell),
        first_session=first_session,
    )


def _subscriptions(config: UnitConfig, topics: Topics) -> list[str]:
    wanted = [
        topics.build("receipt", config.unit),
        topics.build("unit_status", config.unit),
        topics.build("gateway_status"),
        *(topics.build("feedback", point.id) for point in config.points),
    ]
    if config.gpio.backend == "simulated":
        wanted.append(topics.build("line", config.unit))
    return wanted


def _farewell(session: int) -> UnitStatus:
    return UnitStatus(state="offline", session=session, version=version(), boot=clock.boot_id())


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
