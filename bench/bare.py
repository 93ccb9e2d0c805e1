"""The bare pipeline: the least that keeps a gateway's promise, to hold Anling against.

paho subscriber with manual ack → one SQLite commit (WAL, synchronous FULL) → acknowledge and
answer. It knows no incident, log, lamp or person: it stores each alert's payload once and says so.
It runs as a process of its own, as the gateway does, on the same broker and with the same topics
under a branch of its own; the answer is a receipt like the gateway's.

    python -m bench.bare --port 1883 --branch bare --store bare.db [--group]

Without --group each alert is stored and answered right in paho's callback with a commit of its
own: no queue and no second thread, the shortest way there is. With --group a second thread takes
all that has arrived, commits once and answers each: the twin for a storm.
"""

from __future__ import annotations

import argparse
import json
import queue
import signal
import socket
import sqlite3
from collections.abc import Sequence

import paho.mqtt.client as mqtt

# Like the gateway's: paho's 20 unconfirmed answers at a time would be what a storm measures.
MAX_INFLIGHT = 2000
MAX_GROUP = 1000


def open_store(path: str) -> sqlite3.Connection:
    """A new store whose commits survive a power cut, as a receipt promises."""
    store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute(
        "CREATE TABLE IF NOT EXISTS alerts (alert_id TEXT PRIMARY KEY, payload BLOB) STRICT"
    )
    return store


def take(client: mqtt.Client, store: sqlite3.Connection, group: Sequence[mqtt.MQTTMessage]) -> None:
    """Commits the group, then acknowledges and answers each of its messages."""
    ids = [json.loads(message.payload)["alert_id"] for message in group]
    store.execute("BEGIN IMMEDIATE")
    store.executemany(
        "INSERT INTO alerts VALUES (?, ?) ON CONFLICT (alert_id) DO NOTHING",
        [(id_, message.payload) for id_, message in zip(ids, group, strict=True)],
    )
    store.execute("COMMIT")
    for id_, message in zip(ids, group, strict=True):
        receipt = message.topic.removesuffix("alert") + "receipt"
        client.publish(receipt, json.dumps({"alert_ids": [id_]}), qos=1)
        client.ack(message.mid, message.qos)


def take_for_ever(
    client: mqtt.Client, store: sqlite3.Connection, arrived: queue.Queue[mqtt.MQTTMessage]
) -> None:
    """Takes whatever has arrived, in groups."""
    while True:
        group = [arrived.get()]
        while len(group) < MAX_GROUP:
            try:
                group.append(arrived.get_nowait())
            except queue.Empty:
                break
        take(client, store, group)


def connect(*, port: int, branch: str) -> mqtt.Client:
    """A client that hears the branch's alerts and sends without delay."""
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id=f"bare-{branch}", manual_ack=True
    )
    client.max_inflight_messages_set(MAX_INFLIGHT)
    client.on_socket_open = send_at_once
    client.on_connect = lambda client, *_: client.subscribe(f"anling/v1/{branch}/unit/+/alert", 1)
    client.connect("127.0.0.1", port)
    return client


def send_at_once(client: mqtt.Client, userdata: object, sock: socket.socket) -> None:
    """Without this Nagle's algorithm holds each answer back for up to 40 ms."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def leave(*_: object) -> None:
    """Ends the program on SIGTERM, also out of paho's loop."""
    raise SystemExit(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.bare")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--branch", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--group", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    store = open_store(options.store)
    client = connect(port=options.port, branch=options.branch)
    if options.group:
        arrived: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        client.on_message = lambda _, __, message: arrived.put(message)
        client.loop_start()
        take_for_ever(client, store, arrived)
    else:
        client.on_message = lambda _, __, message: take(client, store, [message])
        client.loop_forever()


if __name__ == "__main__":
    main()
