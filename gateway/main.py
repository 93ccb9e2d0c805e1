"""Puts the gateway together and runs it until it is told to stop."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

from gateway import config as configuration
from gateway.channels.kinds import make_channel
from gateway.channels.pager import Pagers
from gateway.channels.sender import Sender, start_senders
from gateway.config import GatewayConfig
from gateway.desk.addresses import PlannedChannel
from gateway.errors import GatewayError, StoreDamaged, StoreError
from gateway.loop import Event, Loop
from gateway.store import Reader, Writer
from gateway.supervision import Wrong
from protocol import clock, service
from protocol.inbox import Inbox
from protocol.link import Will
from protocol.lock import AlreadyRunning, ProgramLock
from protocol.messages import GatewayStatus
from protocol.polled_link import PolledLink
from protocol.settings import ConfigError
from protocol.topics import Topics
from protocol.version import version

log = logging.getLogger(__name__)

# Alerts that arrive together share a transaction of at most so many.
BATCH = 1000
START_AGAIN_S = 1.0
# The loop turns at least this often, to feed the watchdog.
TURN_S = 1.0

STORE_REPLACED = Wrong("gateway", "store_replaced")
OVERLOADED = Wrong("gateway", "overloaded", "more arrived than it could take; look for a flood")

SUBSCRIPTIONS = (
    "alert",
    "unit_status",
    "action",
    "request",
    "terminal_status",
    "terminal_event",
    "gateway_status",
)


def run(config_path: str) -> int:
    """Runs the gateway until SIGTERM or SIGINT. Returns the exit code of the contract."""
    try:
        config = configuration.read(config_path)
    except ConfigError as error:
        log.error("%s", error)
        return 2
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with ProgramLock(Path(config.store)):
            _run_in_spite_of_damage(config, stopping)
    except (GatewayError, AlreadyRunning) as error:
        log.error("%s", error)
        return 1
    return 0


def _run_in_spite_of_damage(config: GatewayConfig, stopping: threading.Event) -> None:
    """A damaged store is set aside, once: a branch without its past still needs its present."""
    try:
        _run_when_it_can(config, stopping)
    except StoreDamaged as error:
        aside = _move_aside(config.store)
        log.error("%s; it was moved to %s and a new one begun; restore a backup", error, aside)
        _run_when_it_can(config, stopping)


def _run_when_it_can(config: GatewayConfig, stopping: threading.Event) -> None:
    """A store that is locked, or on a full disk, at the start is tried again until it heals."""
    said = ""
    while not stopping.is_set():
        try:
            _run(config, stopping)
            return
        except StoreDamaged:
            raise
        except StoreError as error:
            if not error.may_heal:
                raise
            if str(error) != said:
                log.error("%s; trying again until it can", error)
            said = str(error)
            stopping.wait(START_AGAIN_S)


def _run(config: GatewayConfig, stopping: threading.Event) -> None:
    writer, reader = Writer(config.store), Reader(config.store)
    try:
        writer.open()
        _serve(config, writer, reader, stopping)
    finally:
        writer.close()
        reader.close()


def _serve(
    config: GatewayConfig, writer: Writer, reader: Reader, stopping: threading.Event
) -> None:
    inbox: Inbox[Event] = Inbox()
    link = _link(config, inbox, first_session=writer.begin_sessions())
    senders, pagers = _channels(config, link, inbox)
    loop = Loop(
        config=config,
        writer=writer,
        reader=reader,
        link=link,
        senders=senders,
        clock=clock.now,
        pagers=pagers,
        make_sender=lambda one: pagers if one.kind == "pager" else _sender(one, inbox),
        version=version(),
    )
    for aside in _set_aside(config.store):
        loop.own_fault(STORE_REPLACED._replace(detail=f"the damaged one is {aside}; move it away"))
    try:
        loop.start()
        link.start()
        # What is loaded now stays for good: the collector need not look at it again and again.
        gc.freeze()
        service.notify("READY=1")
        while not stopping.is_set():
            link.poll(wait_s=min(TURN_S, loop.wait_ms() / 1000), most=BATCH)
            loop.handle(inbox.take(wait_s=0, most=BATCH))
            if inbox.overflowed:
                loop.own_fault(OVERLOADED)
            if not (link.connected and loop.loopback.is_overdue(clock.now().mono_ms)):
                service.notify("WATCHDOG=1")
    finally:
        service.notify("STOPPING=1")
        for sender in senders.values():
            sender.stop()
        loop.stop()
        link.stop()


def _channels(
    config: GatewayConfig, link: PolledLink, inbox: Inbox[Event]
) -> tuple[dict[str, Sender | Pagers], Pagers]:
    """(what takes notices for each channel; what turns the pagers among them)."""
    pagers = Pagers(link, inbox.put, clock=clock.now)
    on_pager = {one.name: pagers for one in config.channels if one.kind == "pager"}
    by_thread = {
        one.name: make_channel(one.kind, one.url, secret=one.secret)
        for one in config.channels
        if one.kind != "pager"
    }
    return {**start_senders(by_thread, inbox.put), **on_pager}, pagers


def _sender(channel: PlannedChannel, inbox: Inbox[Event]) -> Sender:
    """A running sender of a channel made on a page."""
    made = make_channel(channel.kind, channel.url, secret=channel.secret)
    return start_senders({channel.name: made}, inbox.put)[channel.name]


def _link(config: GatewayConfig, inbox: Inbox[Event], *, first_session: int) -> PolledLink:
    topics = Topics(config.branch)
    return PolledLink(
        broker=config.mqtt,
        topics=topics,
        client_id=f"anling-{config.branch}-gateway",
        deliver=inbox.put,
        subscriptions=[topics.build(name) for name in SUBSCRIPTIONS],
        will=Will("gateway_status", (), _farewell),
        first_session=first_session,
        manual_ack=True,
    )


def _farewell(session: int) -> GatewayStatus:
    return GatewayStatus(state="offline", session=session, version=version())


def _move_aside(path: str) -> Path:
    """Renames the database and its companions; returns the new name of the database."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = Path(f"{path}.damaged-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        source = Path(path + suffix)
        if source.exists():
            source.rename(f"{aside}{suffix}")
    return aside


def _set_aside(path: str) -> list[Path]:
    """Damaged stores that nobody has dealt with yet."""
    found = Path(path).parent.glob(f"{Path(path).name}.damaged-*")
    return [one for one in found if not one.name.endswith(("-wal", "-shm"))]
