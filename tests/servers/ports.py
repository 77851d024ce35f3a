"""ports.py HOLDER [N [FIRST]]: prints N free ports of loopback, which belong to nobody else for as long as the path HOLDER is there.

A port that is free now need not be so when its server binds it, so it is not enough to look: each port that is given out has a file
that names its holder (a server's data, or /proc/ID of a process), and who looks for one holds the lock of them all. All lie below
those that the system gives to outgoing connections. What a holder that is gone has left is taken over."""
import fcntl
import os
import pathlib
import random
import socket
import sys
import tempfile

LEAST, MOST = 10000, 32000
CLAIMS = pathlib.Path(tempfile.gettempdir()) / f"weir-test-ports-{os.getuid()}"


def is_claimed(port):
    try:
        return os.path.exists((CLAIMS / str(port)).read_text())
    except FileNotFoundError:
        return False


def is_free(port):
    """Nobody listens there, on any address, by TCP or UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as s:
            try:
                s.bind(("", port))
            except OSError:
                return False
    return True


def take(holder, n=1, first=None):
    """n ports; the lowest free ones from `first` on, otherwise any."""
    CLAIMS.mkdir(exist_ok=True)
    ports = range(first, 65536) if first else random.sample(range(LEAST, MOST), MOST - LEAST)
    found = []
    with open(CLAIMS / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for port in ports:
            if len(found) == n:
                break
            if not is_claimed(port) and is_free(port):
                (CLAIMS / str(port)).write_text(str(holder))
                found.append(port)
    if len(found) < n:
        raise RuntimeError("no port is free")
    return found


if __name__ == "__main__":
    print(*take(os.path.abspath(sys.argv[1]), *map(int, sys.argv[2:])))
