"""broker.py: a real JMS broker, and a JMS client at its other side. Ends only processes that it started."""
import itertools
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT  # noqa: E402

SERVER = ROOT / "tests/servers/jms"


class Broker:
    """A broker with its journal in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.start()
        self.port = int((self.folder / "port").read_text())
        self.tls_port = int((self.folder / "tls-port").read_text())
        self.url = f"amqp://127.0.0.1:{self.port}"

    def _call(self, verb):
        done = subprocess.run([SERVER, verb, self.folder], text=True, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"jms {verb}: {done.stderr}")

    def start(self):
        self._call("start")

    def kill(self):
        self._call("kill")

    def stop(self):
        self._call("stop")


class Peer:
    """JmsPeer.java as a process; its commands run side by side."""

    def __init__(self, folder, broker):
        folder = pathlib.Path(folder)
        folder.mkdir(exist_ok=True)
        self.broker, self.log = broker, folder / "peer.log"
        self.numbers = itertools.count(1)
        self.answers = {}
        self.lock = threading.Lock()
        classpath = subprocess.run([SERVER, "cp"], text=True, capture_output=True, check=True, timeout=600).stdout.strip()
        source = pathlib.Path(__file__).resolve().parent / "JmsPeer.java"
        subprocess.run(["javac", "-nowarn", "-cp", classpath, "-d", folder, source], check=True, timeout=300, capture_output=True)
        self.process = subprocess.Popen(
            ["java", "-Xms16m", "-Xmx640m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
             "-cp", f"{folder}{os.pathsep}{classpath}", "JmsPeer"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.log, "w"), text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            number, _, rest = line.rstrip("\n").partition("\t")
            self.answers[number].put(rest)
        for answer in list(self.answers.values()):  # nobody else will
            answer.put("failed\tthe peer has ended: " + self.log.read_text()[-2000:])

    def begin(self, *fields):
        """Starts a command; the result waits for its lines."""
        with self.lock:
            number = str(next(self.numbers))
            answer = self.answers[number] = queue.Queue()
            self.process.stdin.write("\t".join([number, fields[0], self.broker.url, *map(str, fields[1:])]) + "\n")
            self.process.stdin.flush()

        def wait(seconds=240):
            lines = []
            while True:
                try:
                    line = answer.get(timeout=seconds)
                except queue.Empty:
                    raise RuntimeError(f"{fields}: no answer; the peer {'runs' if self.process.poll() is None else 'has ended'}:\n{self.log.read_text()[-2000:]}")
                if line == "ok":
                    return lines
                if line.startswith("failed"):
                    raise RuntimeError(f"{fields}: {line}")
                lines.append(line)
        return wait

    def fill(self, name, first, last, rate=0, kind="queue"):
        return self.begin("fill", kind, name, first, last, rate)

    def send(self, name, body, type="text", kind="queue", **properties):
        self.begin("send", kind, name, type, body, *(f"{k}={v}" for k, v in properties.items()))()

    def large(self, name, size):
        return self.begin("large", "queue", name, size)

    def read(self, name, wait_ms=1500, kind="queue"):
        return [json.loads(line) for line in self.begin("read", kind, name, wait_ms)()]

    def pairs(self, name, wait_ms=1500):
        """(n, c) of all messages of a queue, which are gone from it then."""
        return [tuple(map(int, line.split())) for line in self.begin("numbers", "queue", name, wait_ms)()]

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
