"""brokers.py: real brokers, and what is in topics. Ends only processes that it started."""
import json
import os
import pathlib
import subprocess
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import ROOT  # noqa: E402

SERVER = ROOT / "tests/servers/kafka"


class Brokers:
    """A cluster with its data in a folder of its own."""

    def __init__(self, folder, nodes=1, sasl=False, properties=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        env = {"KAFKA_WAIT": "180", **os.environ, **({"KAFKA_SASL": "1"} if sasl else {})}
        if properties:
            more = self.folder / "more.properties"
            more.write_text(properties + "\n")
            env["KAFKA_PROPS"] = str(more)
        self.bootstrap = self._call("start", str(nodes), env=env, wait=400).split()[-1]
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap})

    def _call(self, verb, *args, env=None, wait=400):
        done = subprocess.run([SERVER, verb, self.folder, *args], env=env or {"KAFKA_WAIT": "180", **os.environ}, text=True, capture_output=True, timeout=wait,
                              stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"kafka {verb}: {done.stderr}")
        return done.stdout

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

    def forget_group(self, name):
        """All that it has committed; waits until its last member's session is over."""
        jars = subprocess.run([SERVER, "cp"], text=True, capture_output=True, timeout=400, check=True, stdin=subprocess.DEVNULL).stdout.strip()
        deadline = time.time() + 40
        while True:
            done = subprocess.run(["java", "-cp", jars, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", self.bootstrap,
                                   "--delete", "--group", name], text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
            if "successful" in done.stdout:
                return
            if "not empty" not in done.stdout or time.time() > deadline:
                raise RuntimeError(f"deleting group {name}: {done.stdout}{done.stderr[-1000:]}")

    def add_partitions(self, name, total):
        self.admin.create_partitions([NewPartitions(name, total)])[name].result(30)

    def produce(self, topic, messages):
        """messages: values, or dicts with value, key, headers, partition, timestamp."""
        wrong = []
        # Idempotent: a broker that is killed must not double what goes in.
        p = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 20, "enable.idempotence": True, "message.max.bytes": 2000000,
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


def event(message):
    """What @map(type='json') has written."""
    return json.loads(message.value())["event"]
