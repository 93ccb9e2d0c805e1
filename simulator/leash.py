"""Becomes another program that the kernel ends together with the one that started it.

Run as `python leash.py PARENT_PID PROGRAM ARGUMENT…`. Linux only; elsewhere just the program. Not
a preexec_fn, since Python must run no code of its own between fork and exec once it has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # Source: prctl(2)


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel knew
            sys.exit(1)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
