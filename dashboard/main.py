"""The board's program: configuration → parts → one event loop, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from pathlib import Path

from dashboard.ahead import ReadAhead
from dashboard.app import create_app
from dashboard.board import Board
from dashboard.config import BoardConfig
from dashboard.live import Live
from dashboard.review.calendar import Month
from dashboard.server import Root, Server, listen
from dashboard.store import Reader, Vault, key_path
from protocol.clock import now
from protocol.service import notify
from protocol.settings import ConfigError, load

log = logging.getLogger(__name__)

READY_LOOK_S = 0.05


def run(config_path: str | Path) -> int:
    """Serves the board until SIGTERM or SIGINT; the exit code: 0, 1 failed, 2 bad configuration."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("uvicorn", "uvicorn.error", "flask_wtf"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        config = load(BoardConfig, config_path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    http = config.http
    try:
        sock = listen(http.host, http.port)
    except OSError as error:
        print(_why_not(error, http.host, http.port), file=sys.stderr)
        return 1
    # uvicorn raises the signal it stopped for once more; it must find a handler that lets us end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    store = Path(config_path).resolve().parent / config.store
    key = key_path(store, config.private_key_file, folder=Path(config_path).resolve().parent)
    asyncio.run(_serve(config, store, Vault(key), sock))
    log.info("The board has stopped.")
    return 0


async def _serve(config: BoardConfig, store: Path, vault: Vault, sock: socket.socket) -> None:
    reader = Reader(str(store))
    live = Live(config=config, reader=reader)
    board = Board(config=config, reader=reader, live=live, vault=vault)
    app = create_app(board)
    root = Root(app=app, hub=live.hub)
    server = Server(root=root, hub=live.hub)
    reckoning = app.extensions["anling_reckoning"]
    ahead = ReadAhead(reckoning, present=Month.of(now().utc_ms, reckoning.zone))
    live.start()
    ahead.start()
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    announcer = asyncio.create_task(_announce(server, config))
    try:
        # What the board does all the time must not end before the serving does.
        await asyncio.wait({serving, *live.tasks}, return_when=asyncio.FIRST_COMPLETED)
        broken = next((task for task in live.tasks if task.done()), None)
        server.should_exit = True
        await serving
        if broken is not None:
            broken.result()
    finally:
        notify("STOPPING=1")
        announcer.cancel()
        ahead.stop()
        live.stop()
        root.stop()


async def _announce(server: Server, config: BoardConfig) -> None:
    """Says so once the board answers."""
    while not server.started:
        await asyncio.sleep(READY_LOOK_S)
    notify("READY=1")
    log.info("The board is at http://%s:%d/", config.http.host, config.http.port)


def _why_not(error: OSError, host: str, port: int) -> str:
    return (
        f"The board cannot listen on {host} port {port}: {error.strerror or error}. "
        "Is another program using the port? Choose another one with `port` under [http]."
    )


def _ignore(number: int, frame: object) -> None:
    return
