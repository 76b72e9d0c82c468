"""Become a command that the kernel kills when the process that asked for it ends (Linux).

Run as `python -I -S leash.py PARENT COMMAND...`: a program of its own, because doing this between fork and
exec of a process with threads may hang. The signal is tied to the parent's thread that started it, so
children are started from a thread that lives as long as the process.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that wanted this one has already ended")
    os.execv(command[0], command)  # noqa: S606  a command line of the local run's own making


if __name__ == "__main__":
    main()
