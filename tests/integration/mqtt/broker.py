"""broker.py: a real mosquitto, publishers and subscribers. Ends only processes that it started."""
import json
import pathlib
import subprocess
import sys
import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import free_port, until  # noqa: E402


def certificate(folder, name, authority=None, more=()):
    """NAME.pem and NAME.key; without authority one that signs others."""
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509" if not authority else "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", f"/CN={name}", "-keyout", key, "-out", cert if not authority else folder / f"{name}.csr", *more],
                   check=True, capture_output=True)
    if authority:
        (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1")
        subprocess.run(["openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{authority}.pem", "-CAkey",
                        folder / f"{authority}.key", "-CAcreateserial", "-days", "2", "-extfile", folder / f"{name}.ext", "-out", cert],
                       check=True, capture_output=True)
    key.chmod(0o644)  # the broker drops to a user of its own
    return cert


class Broker:
    """Anybody on `port`, user weir with the password secret over TLS on `tls_port`, certificates of the authority on `cert_port`."""

    def __init__(self, folder, more=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.port, self.tls_port, self.cert_port = free_port(), free_port(), free_port()
        self.url = f"tcp://127.0.0.1:{self.port}"
        for name, authority in (("ca", None), ("broker", "ca"), ("client", "ca"), ("other", None)):
            certificate(self.folder, name, authority)
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.folder / "passwd", "weir", "secret"], check=True, capture_output=True)
        for path in (self.folder / "passwd", self.folder):
            path.chmod(0o755)
        tls = f"cafile {self.folder}/ca.pem\ncertfile {self.folder}/broker.pem\nkeyfile {self.folder}/broker.key\n"
        (self.folder / "conf").write_text(f"""per_listener_settings true
user {subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()}
persistence true
persistence_location {self.folder}/
max_queued_messages 0
log_dest file {self.folder}/log
log_type subscribe
{more}
listener {self.port} 127.0.0.1
allow_anonymous true
listener {self.tls_port} 127.0.0.1
{tls}password_file {self.folder}/passwd
listener {self.cert_port} 127.0.0.1
{tls}require_certificate true
use_identity_as_username true
""")
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(["mosquitto", "-c", self.folder / "conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until(self._answers, 60, lambda: "mosquitto does not come up")

    def _answers(self):
        try:
            c = paho.Client("probe")
            c.connect("127.0.0.1", self.port)
            c.disconnect()
            return True
        except OSError:
            return False

    def wait_for_subscription(self, topic, n=1):
        """Until n clients have it: one that is connected may not have asked for it yet."""
        log = self.folder / "log"
        until(lambda: log.exists() and log.read_text(errors="replace").count(f" {topic}\n") >= n, 30, lambda: f"nobody subscribes to {topic}:\n{log.read_text()[-1000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    stop = kill


def client(port, name, clean=True, v5=False):
    c = paho.Client(name, protocol=paho.MQTTv5) if v5 else paho.Client(name, clean_session=clean)
    c.reconnect_delay_set(1, 1)
    c.max_inflight_messages_set(20)
    c.max_queued_messages_set(0)
    c.connect("127.0.0.1", port)
    c.loop_start()
    return c


def publish(port, topic, payloads, qos=1, rate=0, retain=False, v5=None, acked=None):
    """All of them, until the broker has them. v5: user properties. acked: gets the time of the acknowledgement, by the payload's number."""
    c, taken = client(port, f"pub-{time.monotonic_ns()}", v5=bool(v5)), {} if acked is None else acked
    c.on_publish = lambda c, u, mid: taken.setdefault(mid - 1, time.time())
    properties = None
    if v5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = list(v5.items())
        properties.ContentType = "application/json"
    begin = time.time()
    for i, payload in enumerate(payloads):  # what a broker that is away can't take is kept, and sent when it is back
        c.publish(topic(i) if callable(topic) else topic, payload, qos, retain, properties=properties)
        if rate and i % 50 == 0:
            time.sleep(max(0, begin + i / rate - time.time()))
    until(lambda: len(taken) >= len(payloads), 120, lambda: f"the broker has taken {len(taken)} of {len(payloads)} messages")
    c.disconnect()
    c.loop_stop()


def feed(port, topic, n, rate, qos=1, acked=None):
    t = threading.Thread(target=publish, args=(port, topic, [json.dumps({"n": i}) for i in range(n)], qos, rate), kwargs={"acked": acked}, daemon=True)
    t.start()
    return t


class Subscriber:
    def __init__(self, port, topic, qos=2, v5=False):
        self.messages = []
        self.ready = threading.Event()
        self.c = client(port, f"sub-{time.monotonic_ns()}", clean=False, v5=v5)
        self.c.on_message = lambda c, u, m: self.messages.append(m)
        self.c.on_subscribe = lambda *a: self.ready.set()
        self.c.subscribe(topic, qos)
        if not self.ready.wait(20):
            raise RuntimeError("no SUBACK")

    def rows(self):
        return [json.loads(m.payload)["event"] for m in list(self.messages)]

    def numbers(self):
        return [r["n"] for r in self.rows()]
