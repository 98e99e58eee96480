"""A small HTTP/2 server over TLS, and an nginx front like the ones that stand before providers."""

import shutil
import socket
import ssl
import subprocess
import threading
import urllib.request

import h2.config
import h2.connection
import h2.errors
import h2.events

from kinora_kit import eventually


class H2Server:
    """Hands requests to an upstream over HTTP/1.1, save POSTs for which `plan` has another word.

    refuse              RST_STREAM REFUSED_STREAM: not processed, by RFC 9113 §8.7
    goaway_unprocessed  GOAWAY that names no stream of this connection, then the end
    goaway_accepted     the upstream takes it; GOAWAY names its stream; no answer, then the end
    reset_accepted      the upstream takes it; RST_STREAM INTERNAL_ERROR
    close_accepted      the upstream takes it; the connection just ends
    """

    def __init__(self, folder, upstream):
        self.upstream = upstream
        self.plan, self.posts, self.connections = [], [], 0
        self.lock = threading.Lock()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[raw], daemon=True).start()

    def serve(self, raw):
        try:
            with self.context.wrap_socket(raw, server_side=True) as wire:
                with self.lock:
                    self.connections += 1
                self.talk(wire)
        except (OSError, ssl.SSLError, h2.exceptions.ProtocolError):
            pass

    def talk(self, wire):
        talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        talk.initiate_connection()
        wire.sendall(talk.data_to_send())
        requests = {}
        while data := wire.recv(65536):
            for event in talk.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    requests[event.stream_id] = (dict(event.headers), bytearray())
                elif isinstance(event, h2.events.DataReceived):
                    requests[event.stream_id][1].extend(event.data)
                    talk.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    head, body = requests.pop(event.stream_id)
                    if self.answer(talk, event.stream_id, head, bytes(body)) == "end":
                        wire.sendall(talk.data_to_send())
                        return
            wire.sendall(talk.data_to_send())

    def answer(self, talk, stream, head, body):
        is_post, word = head[b":method"] == b"POST", "pass"
        if is_post:
            with self.lock:
                word = self.plan.pop(0) if self.plan else "pass"
                self.posts.append(word)
        if word == "refuse":
            talk.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            return None
        if word == "goaway_unprocessed":
            talk.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=0)
            return "end"
        status, kind, answer = self.ask(head, body)
        if word == "goaway_accepted":
            talk.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=stream)
            return "end"
        if word == "reset_accepted":
            talk.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            return None
        if word == "close_accepted":
            return "end"
        talk.send_headers(stream, [
            (":status", str(status)), ("content-type", kind), ("content-length", str(len(answer)))])
        while answer:
            # Files are larger than a window; small answers are one frame.
            size = min(talk.local_flow_control_window(stream), talk.max_outbound_frame_size)
            if size <= 0:
                break
            talk.send_data(stream, answer[:size], end_stream=len(answer) <= size)
            answer = answer[size:]
        return None

    def ask(self, head, body):
        request = urllib.request.Request(
            self.upstream + head[b":path"].decode(), body or None, method=head[b":method"].decode())
        for name, value in head.items():
            if not name.startswith(b":"):
                request.add_header(name.decode(), value.decode())
        # Files come from the simulator itself; only what is asked here is over HTTP/2.
        request.add_header("X-Sim-HTTP-Version", "HTTP/2")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read()

    def stop(self):
        self.listener.close()


class Front:
    """nginx with TLS: HTML with status 200 to anything but HTTP/2, the rest to the simulator.

    `mute()` makes it an edge that speaks no HTTP/2 at all; `speak()` ends that.
    """

    def __init__(self, folder, upstream):
        self.folder, self.upstream = folder, upstream
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.process = None
        self.speak()

    def write(self, http2):
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "\n".join(f'{kind}_temp_path "{self.folder}/{kind}";' for kind in kinds)
        (self.folder / "nginx.conf").write_text(f"""
daemon off; master_process off; pid "{self.folder}/nginx.pid"; error_log "{self.folder}/error.log";
events {{ worker_connections 256; }}
http {{
  access_log "{self.folder}/access.log" combined;
  {paths}
  server {{
    listen 127.0.0.1:{self.port} ssl {"http2" if http2 else ""};
    ssl_certificate "{self.folder}/leaf.pem";
    ssl_certificate_key "{self.folder}/leaf.key";
    default_type text/html;
    location / {{
      if ($server_protocol != "HTTP/2.0") {{
        return 200 "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
      }}
      proxy_pass {self.upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Sim-HTTP-Version $server_protocol;
    }}
  }}
}}
""")

    def start(self, http2):
        self.stop()
        self.write(http2)
        self.process = subprocess.Popen(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-e", str(self.folder / "error.log"),
             "-c", str(self.folder / "nginx.conf")],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def up():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        eventually(up, 20, "nginx")

    def mute(self):
        self.start(http2=False)

    def speak(self):
        self.start(http2=True)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None
