"""front.py: TLS and basic authentication in front of a real server, as a gateway has them: what passes goes on to it."""
import base64
import http.server
import ssl
import threading
import urllib.error
import urllib.request


class Front:
    def __init__(self, url, folder, user, password):
        base, allowed = url.split("/apis")[0], "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                status, text = 401, b"{}"
                if self.headers.get("Authorization") == allowed:
                    request = urllib.request.Request(base + self.path, data=body, method=self.command,
                                                     headers={"Content-Type": self.headers.get("Content-Type") or "application/json"})
                    try:
                        with urllib.request.urlopen(request, timeout=120) as a:
                            status, text = a.status, a.read()
                    except urllib.error.HTTPError as e:
                        status, text = e.code, e.read()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
