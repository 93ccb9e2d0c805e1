"""A whole branch in virtual time, decided by a seed: faults, then healing, then checks.

The programs are the real ones: the gateway's loop and store, the unit's loop, outbox and
debouncer. Only the clocks, the network and the wires are the simulation's own.

    python -m tests.simulation SEED        runs one seed and tells what happened
"""
