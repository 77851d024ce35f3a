"""harness.py: what the tests against real servers share: weir as a process, waiting, and counting. Each folder beside it is one
kind of server: its run starts what it needs, and prints "N passed, N failed". Ends only processes that it started."""
import concurrent.futures
import faulthandler
import json
import linecache
import os
import pathlib
import re
import reprlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 1200  # seconds, of a whole run: where it stands then is shown
sys.path.append(str(ROOT / "tests/servers"))
import ports  # noqa: E402


def free_port():
    """Nobody else's for as long as this process runs."""
    return ports.take(f"/proc/{os.getpid()}")[0]


class Weir:
    """A run of an app."""
    running = []

    def __init__(self, binary, text, folder, *args, **env):
        self.app = pathlib.Path(tempfile.mkstemp(suffix=".siddhi", dir=folder)[1])
        self.app.write_text(text)
        self.log = self.app.with_suffix(".log")
        self.args = [binary, "run", *args, str(self.app)]
        self.env = {**os.environ, **env}
        self.process, self.thread = None, threading.get_ident()
        Weir.running.append(self)
        self.begin()

    @staticmethod
    def end_all():
        for weir in Weir.running:
            if weir.process and weir.is_running():
                weir.kill()

    def begin(self):
        self.said_before = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, wait=60):
        until(lambda: self.catches(signal.SIGTERM) or not self.is_running(), 60, lambda: f"weir does not begin:\n{self.text()[-2000:]}")
        self.process.send_signal(signal.SIGTERM)
        return self.end(wait)

    def end(self, wait=120):
        try:
            return self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"weir does not end:\n{self.text()[-2000:]}")

    def catches(self, number):
        """A process that has only just begun does not, and is ended by it."""
        caught = re.search(r"SigCgt:\s+([0-9a-f]+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())
        return caught and int(caught[1], 16) >> (number - 1) & 1

    def is_running(self):
        return self.process.poll() is None

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def text(self):
        return self.log.read_text(errors="replace")

    def text_of_this_run(self):
        return self.log.read_bytes()[self.said_before:].decode(errors="replace")

    def wait_for(self, pattern, wait=60):
        until(lambda: pattern in self.text(), wait, lambda: f"no '{pattern}' in:\n{self.text()[-2000:]}")


class Wire:
    """What is between weir and a server at `target`: connections to `port` that can be cut and mended, while the server stays."""

    def __init__(self, target):
        self.target, self.port, self.open = target, free_port(), []
        self.listener = None
        self.mend()

    def mend(self):
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=50)
        threading.Thread(target=self._take, args=(self.listener,), daemon=True).start()

    def cut(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open = []

    def _take(self, listener):
        while True:
            try:
                here, _ = listener.accept()
                there = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.open += [here, there]
            for a, b in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    @staticmethod
    def _carry(a, b):
        try:
            while part := a.recv(65536):
                b.sendall(part)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def json_lines(path):
    """Of the lines that are whole: the last one may be under way."""
    return [json.loads(line) for line in path.read_text().splitlines(True) if line.endswith("\n")] if path.exists() else []


def until(holds, wait=60, why=lambda: "it does not come"):
    deadline = time.time() + wait
    while not holds():
        if time.time() > deadline:
            raise RuntimeError(why())
        time.sleep(0.1)


def curl(address, path, *args):
    """What the admin server at unix:FILE (--admin) answers; its token is "t" (--token)."""
    return subprocess.run(["curl", "-sS", "--unix-socket", address.removeprefix("unix:"), "-H", "Authorization: Bearer t", *args, f"http://weir{path}"],
                          capture_output=True, text=True).stdout


def dropped(address, kind):
    """How many messages the metrics say were dropped by the sources, or sinks, of an app."""
    return sum(int(n) for n in re.findall(rf'weir_errors_total{{[^}}]*kind="{kind}"[^}}]*}} (\d+)', curl(address, "/metrics")))


def circumstances(error, weirs):
    """What there is to know of a failure: where, the variables of the test, and the end of what each run of weir said."""
    shown, brief = [], reprlib.Repr()
    brief.maxstring = brief.maxother = 200
    brief.maxlist = brief.maxset = brief.maxtuple = 12
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == __file__:
            continue
        shown.append(f"{frame.f_code.co_filename}:{line}: {linecache.getline(frame.f_code.co_filename, line).strip()}")
        shown += [f"    {name} = {brief.repr(value)}" for name, value in frame.f_locals.items() if not callable(value)]
    for weir in weirs:
        status = weir.process.poll()
        shown.append(f"{weir.app.name} {'runs' if status is None else f'ended with {status}'}: {weir.app.read_text().splitlines()[0][:100]}")
        shown += [f"    {line[:400]}" for line in weir.text().splitlines()[-40:]]
    return "\n".join(f"   | {line}" for line in shown)


def say(text):
    """A line, or several, in one piece: tests run side by side."""
    print(text + "\n", end="", flush=True)


def run_one(test):
    begin, name, before = time.time(), test.__name__.replace("_", " "), len(Weir.running)
    try:
        test()
        say(f"ok {name} ({time.time() - begin:.1f} s)")
        return 0
    except Exception as e:  # whatever went wrong belongs to this test
        weirs = [weir for weir in Weir.running[before:] if weir.thread == threading.get_ident()]
        say(f"FAILED {name} ({time.time() - begin:.1f} s): {type(e).__name__}: {e}\n{circumstances(e, weirs)}")
        return 1


def run_tests(together, alone):
    """Each test is a function whose name is the sentence it proves; prints "N passed, N failed"."""
    if not together and not alone:
        print("FAILED no test has a name like that\n0 passed, 1 failed", flush=True)
        return 1
    faulthandler.dump_traceback_later(LONGEST, exit=False)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failed = sum(pool.map(run_one, together))
    failed += sum(map(run_one, alone))
    print(f"{len(together) + len(alone) - failed} passed, {failed} failed", flush=True)
    faulthandler.cancel_dump_traceback_later()
    return failed


def leave(failed):
    """Ends the process as it is: the servers of a test that failed may have threads that wait for what never comes."""
    sys.stdout.flush()
    os._exit(1 if failed else 0)
