"""GET /metrics: what a monitoring system wants to know, read at the moment it asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dashboard.board import Board
from dashboard.store import StoreError
from protocol.messages import Stage
from protocol.version import version

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition(board: Board) -> bytes:
    """The Prometheus text of now; a registry of our own, so nothing else slips in."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoardCollector(board))
    return generate_latest(registry)


class BoardCollector(Collector):
    """Reads the picture and the store; a store that is away shows as `anling_store_up 0`."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def describe(self) -> list[Metric]:
        """Nothing beforehand: reading it would need the store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        yield _gauge("anling_build_info", "Always 1.", {(version(),): 1}, labels=["version"])
        yield from self._branch()
        yield from self._units()
        yield from self._connections()

    def _branch(self) -> Iterator[Metric]:
        picture = self._board.live.picture
        stages = Counter({(stage,): 0 for stage in get_args(Stage) if stage != "closed"})
        stages.update((incident.stage,) for incident in picture.incidents.values())
        yield _gauge("anling_incidents_open", "Open incidents.", stages, labels=["stage"])
        names = Counter((fault.name,) for fault in picture.faults)
        yield _gauge("anling_faults", "Faults there are now.", names, labels=["name"])
        rejected = CounterMetricFamily("anling_rejected", "Messages the gateway could not take.")
        store_up = 1
        try:
            rejected.add_metric([], self._board.reader.rejected_count())
        except StoreError:
            store_up = 0
        yield rejected
        yield GaugeMetricFamily("anling_store_up", "Whether the store can be read.", store_up)

    def _units(self) -> Iterator[Metric]:
        views = self._board.live.picture.units.values()
        states = Counter({("online",): 0, ("offline",): 0})
        states.update((view.status.state if view.status else "offline",) for view in views)
        yield _gauge("anling_units", "Units by their last status.", states, labels=["state"])
        pending = {(view.unit,): view.status.pending for view in views if view.status}
        yield _gauge(
            "anling_unit_pending_alerts", "Alerts not yet receipted.", pending, labels=["unit"]
        )

    def _connections(self) -> Iterator[Metric]:
        live = self._board.live
        yield GaugeMetricFamily("anling_streams", "Screens that are watching.", len(live.hub))
        yield GaugeMetricFamily(
            "anling_broker_up", "Whether the board reaches the broker.", int(live.link.connected)
        )
        yield GaugeMetricFamily(
            "anling_gateway_up",
            "Whether the gateway is online.",
            int(live.picture.gateway.state == "online"),
        )
        heard_ms = live.heard_gateway_ms_ago
        silence = GaugeMetricFamily(
            "anling_gateway_silence_seconds", "Since the gateway was heard; absent if never."
        )
        if heard_ms is not None:
            silence.add_metric([], heard_ms / 1000)
        yield silence
        yield CounterMetricFamily(
            "anling_board_rejected", "Messages the board could not take.", live.rejected
        )


def _gauge(
    name: str, text: str, values: dict[tuple[str, ...], float], *, labels: list[str]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(list(label_values), value)
    return family
