"""A web of its own inside a network namespace: one "public" host that redirects, and inner hosts
that must never hear of it. Run as: inner_web.py FOLDER; writes every request to FOLDER/hits.
"""

import http.server
import socketserver
import ssl
import sys
import threading
from pathlib import Path

from media import PNG

FOLDER = Path(sys.argv[1])
PUBLIC = "93.184.216.34"
INNER = ["127.0.0.1", "169.254.169.254", "10.1.2.3"]
REDIRECTS = {
    "/to-metadata": "https://169.254.169.254/latest/meta-data/",
    "/to-metadata-plain": "http://169.254.169.254/latest/meta-data/",
    "/to-loopback": "https://127.0.0.1/",
    "/to-decimal": "https://2130706433/",
    "/to-private-name": "https://inner.test/",
    "/to-self": "/to-self",
    "/to-file": "file:///etc/hostname",
    "/to-image": "/image.png",
    "/to-other-port": f"https://{PUBLIC}:8443/",
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        here = self.server.server_address
        with open(FOLDER / "hits", "a") as hits:
            hits.write(f"{here[0]}:{here[1]} {self.path} {self.headers.get('Authorization')}\n")
        if self.path in REDIRECTS:
            self.send_response(302)
            self.send_header("Location", REDIRECTS[self.path])
            body = b""
        elif self.path == "/page":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            body = b"<!DOCTYPE html><html></html>"
        elif self.path == "/missing":
            self.send_response(404)
            body = b""
        else:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            body = PNG[:-5] if self.path == "/cut.png" else PNG
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


for address in [PUBLIC, *INNER]:
    for port in (443, 80):
        server = Server((address, port), Handler)
        if port == 443:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(FOLDER / "leaf.pem", FOLDER / "leaf.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
(FOLDER / "up").touch()
threading.Event().wait()
