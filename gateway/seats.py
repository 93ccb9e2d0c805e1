"""PURE. What is known of a point's seat, and when somebody has sat there for too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.store.records import PointRecord
from protocol.messages import Alert
from protocol.moment import Moment


def with_seat(point: PointRecord, alert: Alert, now: Moment) -> PointRecord | None:
    """The point after an alert of its seat; None when a newer one has overtaken it."""
    then_ms = now.mono_ms - (alert.age_ms or 0)
    is_old_news = point.seat_boot == now.boot and then_ms < (point.seat_ms or then_ms)
    if is_old_news:
        return None
    return replace(
        point,
        seat="occupied" if alert.what == "seat_occupied" else "vacated",
        seat_alert_id=alert.alert_id,
        seat_boot=now.boot,
        seat_ms=then_ms,
    )


def vacated_for_ms(point: PointRecord, now: Moment) -> int | None:
    """How long the seat has been empty; None when it is not, or nobody knows since when."""
    is_known = point.seat_boot == now.boot and point.seat_ms is not None
    return now.mono_ms - point.seat_ms if point.seat == "vacated" and is_known else None


def due_for_check(
    points: Mapping[str, PointRecord], limits_ms: Mapping[str, int], now: Moment
) -> list[PointRecord]:
    """The points where somebody has sat for longer than their limit and nobody has asked yet."""
    return [
        point
        for name, limit_ms in limits_ms.items()
        if (point := points.get(name)) is not None
        and point.seat == "occupied"
        and point.seat_ms is not None
        and (point.seat_boot != now.boot or now.mono_ms - point.seat_ms >= limit_ms)
    ]


def checked(point: PointRecord) -> PointRecord:
    """The point once staff are sent to ask: once a sitting."""
    return replace(point, seat_ms=None)


def check_alert(point: PointRecord, now: Moment) -> Alert:
    """What raises the incident of a seat that is only looked after."""
    return Alert(
        alert_id=f"{(point.seat_alert_id or point.point)[:58]}-seat",
        point=point.point,
        what="seat_occupied",
        boot=now.boot,
        seq=0,
        age_ms=0,
    )
