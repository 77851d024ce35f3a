#!/usr/bin/python3
"""endpoint.py PORT FILE [CERTIFICATE KEY]: an HTTP server that appends what it is sent to FILE, a JSON line for each request, before it
answers. The path says how it answers: /ok, /flaky (every third request gets 503), /gone (404), /slow (after 2 s), /echo (the body
again, with a header X-Seen), /busy (429 with Retry-After once), /events (server-sent events: three, then it hangs up)."""
import http.server
import json
import socketserver
import ssl
import sys
import threading
import time

lock, count, posts = threading.Lock(), 0, 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        global posts
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            posts += 1
            turn = posts
        if self.path == "/flaky" and turn % 3 == 0:
            return self.answer(503)
        if self.path == "/busy" and turn == 1:
            return self.answer(429, Retry_After="1")
        if self.path == "/gone":
            return self.answer(404, b"no such\nthing\x1b[1m\r\n")
        if self.path == "/slow":
            time.sleep(2)
        line = {"path": self.path, "method": self.command, "body": body.decode(errors="replace"), "at": time.time(),
                "headers": {k.lower(): v for k, v in self.headers.items()}, "client": self.client_address[1]}
        with lock, open(sys.argv[2], "a") as f:
            f.write(json.dumps(line) + "\n")
        if self.path == "/echo":
            return self.answer(200, body, X_Seen="yes")
        if self.path.startswith("/status/"):
            return self.answer(int(self.path[8:]), b'{"why":"asked for"}')
        return self.answer(200)
    do_PUT = do_POST

    def do_GET(self):
        global count
        with lock:
            count += 1
            turn = count
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        last = int(self.headers.get("Last-Event-ID") or 0)
        self.wfile.write(f": turn {turn}\r\nretry: 100\r\n\r\n".encode())
        for n in range(last + 1, last + 4):
            self.wfile.write(f'id: {n}\nevent: wind\ndata: {{"n":\ndata: {n}}}\n\n'.encode())
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args):
        pass  # a client that was killed


server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
