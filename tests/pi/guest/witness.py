"""Runs in the guest beside the unit: prints how long the kernel saw each pulse on one line.

An emulated CPU on a busy host takes an interrupt late, so a pulse may look longer than it was sent.
"""

import sys

import gpiod
from gpiod.line import Direction, Edge

# Edges with less than this between them are of one pulse.
QUIET_S = 0.1

line = int(sys.argv[1])
settings = gpiod.LineSettings(direction=Direction.INPUT, edge_detection=Edge.BOTH)
request = gpiod.request_lines("/dev/gpiochip0", consumer="witness", config={line: settings})
print(f"rig: witness of line {line}", flush=True)
while True:
    request.wait_edge_events()  # sleeps until there is one
    times_ns = []
    # By its times and not by its directions: where the kernel comes late to an edge, it reads the
    # level that the line has by then, and calls both edges of a pulse falling.
    while request.wait_edge_events(QUIET_S):
        times_ns += [event.timestamp_ns for event in request.read_edge_events()]
    print(f"rig: pulse of {(times_ns[-1] - times_ns[0]) / 1e6:.2f} ms", flush=True)
