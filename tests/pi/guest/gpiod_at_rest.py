"""Runs in the guest: libgpiod 2 with the same three lines; it blocks until an edge comes."""

import time

START_S = time.monotonic()

import gpiod  # noqa: E402 (its cost is what is measured)
from gpiod.line import Direction, Edge  # noqa: E402

IMPORTED_S = time.monotonic()
settings = gpiod.LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH)
request = gpiod.request_lines("/dev/gpiochip0", consumer="probe", config={(1, 2, 3): settings})
ARMED_S = time.monotonic()
print(f"probe: armed import_s={IMPORTED_S - START_S:.3f} arm_s={ARMED_S - IMPORTED_S:.3f}")
while True:
    request.wait_edge_events()  # for ever
    for event in request.read_edge_events():
        level = int(event.event_type is event.Type.RISING_EDGE)
        after_ms = (time.monotonic_ns() - event.timestamp_ns) / 1e6
        print(f"probe: edge line={event.line_offset} level={level} after_ms={after_ms:.3f}")
