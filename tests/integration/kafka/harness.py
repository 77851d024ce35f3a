"""harness.py: real brokers, weir as a process, and what is in topics. Ends only processes that it started."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVER = ROOT / "tests/servers/kafka"


class Brokers:
    """A cluster with its data in a folder of its own."""

    def __init__(self, folder, nodes=1, sasl=False):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        env = {"KAFKA_WAIT": "180", **os.environ, **({"KAFKA_SASL": "1"} if sasl else {})}
        self.bootstrap = self._call("start", str(nodes), env=env, wait=400).split()[-1]
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap})

    def _call(self, verb, *args, env=None, wait=400):
        done = subprocess.run([SERVER, verb, self.folder, *args], env=env or {"KAFKA_WAIT": "180", **os.environ}, text=True, capture_output=True, timeout=wait,
                              stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"kafka {verb}: {done.stderr}")
        return done.stdout

    @staticmethod
    def free_port():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def stop(self):
        self._call("stop")

    def kill(self, node):
        self._call("node-kill", str(node))

    def start(self, node):
        self._call("node-start", str(node))

    def topic(self, name, partitions=1, replicas=1, **config):
        self.admin.create_topics([NewTopic(name, partitions, replicas, config=config)])[name].result(30)
        deadline = time.time() + 20
        while time.time() < deadline:
            t = self.admin.list_topics(timeout=10).topics.get(name)
            if t and len(t.partitions) == partitions and all(p.leader >= 0 for p in t.partitions.values()):
                return name
            time.sleep(0.05)
        raise RuntimeError(f"topic {name} does not come up")

    def delete_topic(self, name):
        self.admin.delete_topics([name])[name].result(30)

    def add_partitions(self, name, total):
        self.admin.create_partitions([NewPartitions(name, total)])[name].result(30)

    def produce(self, topic, messages):
        """messages: values, or dicts with value, key, headers, partition, timestamp."""
        wrong = []
        p = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 20, "message.max.bytes": 2000000,
                      "queue.buffering.max.messages": 1000000})
        for i, m in enumerate(messages):
            args = m if isinstance(m, dict) else {"value": m}
            p.produce(topic, on_delivery=lambda e, _: wrong.append(e) if e else None, **args)
            if i % 1000 == 0:
                p.poll(0)
        p.flush(120)
        if wrong:
            raise RuntimeError(f"producing to {topic}: {wrong[0]}")

    def read(self, topic, isolation="read_committed"):
        """All messages of a topic, to its end."""
        c = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "harness", "enable.partition.eof": True,
                      "isolation.level": isolation, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                      "fetch.message.max.bytes": 4000000})
        known = c.list_topics(topic, timeout=20).topics.get(topic)
        parts = list(known.partitions) if known else []
        c.assign([TopicPartition(topic, p, 0) for p in parts])
        ended, messages, deadline = set(), [], time.time() + 60
        while len(ended) < len(parts):
            for m in c.consume(1000, 1):
                if not m.error():
                    messages.append(m)
                elif m.error().name() == "_PARTITION_EOF":
                    ended.add(m.partition())
            if time.time() > deadline:
                raise RuntimeError(f"{topic} can't be read to its end ({isolation})")
        c.close()
        return messages

    def values(self, topic, **kw):
        return [event(m) for m in self.read(topic, **kw)]

    def committed(self, group, topic, partitions):
        c = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        got = c.committed([TopicPartition(topic, p) for p in range(partitions)], timeout=20)
        c.close()
        return sum(max(p.offset, 0) for p in got)


class Weir:
    """A run of an app."""
    running = []

    def __init__(self, binary, text, folder, *args, **env):
        self.app = pathlib.Path(tempfile.mkstemp(suffix=".siddhi", dir=folder)[1])
        self.app.write_text(text)
        self.log = self.app.with_suffix(".log")
        self.args = [binary, "run", *args, str(self.app)]
        self.env = {**os.environ, **env}
        self.process = None
        Weir.running.append(self)
        self.begin()

    @staticmethod
    def end_all():
        for weir in Weir.running:
            if weir.process and weir.is_running():
                weir.kill()

    def begin(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, wait=40):
        self.process.send_signal(signal.SIGTERM)
        return self.end(wait)

    def end(self, wait=60):
        try:
            return self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"weir does not end:\n{self.text()[-2000:]}")

    def is_running(self):
        return self.process.poll() is None

    def text(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, pattern, wait=30):
        until(lambda: pattern in self.text(), wait, lambda: f"no '{pattern}' in:\n{self.text()[-2000:]}")


def event(message):
    """What @map(type='json') has written."""
    return json.loads(message.value())["event"]


def until(holds, wait=30, why=lambda: "it does not come"):
    deadline = time.time() + wait
    while not holds():
        if time.time() > deadline:
            raise RuntimeError(why())
        time.sleep(0.1)


def run_one(test):
    begin, name = time.time(), test.__name__.replace("_", " ")
    try:
        test()
        print(f"ok {name} ({time.time() - begin:.1f} s)", flush=True)
        return 0
    except Exception as e:  # whatever went wrong belongs to this test
        print(f"FAILED {name} ({time.time() - begin:.1f} s): {type(e).__name__}: {e}", flush=True)
        return 1


def run_tests(together, alone):
    """Each test is a function whose name is the sentence it proves; prints "N passed, N failed"."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failed = sum(pool.map(run_one, together))
    failed += sum(map(run_one, alone))
    print(f"{len(together) + len(alone) - failed} passed, {failed} failed", flush=True)
    return failed


__all__ = ["Brokers", "Weir", "Producer", "event", "json", "pathlib", "run_tests", "shutil", "subprocess", "sys", "tempfile", "time", "until"]
