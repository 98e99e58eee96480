"""The processes of a measurement: kinorad as it ships, the simulator, nginx beside and before it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import wait

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("KINORA_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "Tests/e2e"))

from daemon import UnixConnection  # noqa: E402
from simulator import Simulator  # noqa: E402

IS_ROOT = os.geteuid() == 0
# Two principals are two uids; without root there is one.
UIDS = (61001, 61002) if IS_ROOT else (-1, -1)


def program(name):
    return str(BUILD / "bin" / name)


def reserve(exit_stack):
    """A free port of loopback."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class World:
    """A folder with the tools that load and count, and whatever was started in it."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        # Short, for socket paths, and open to the other uids.
        self.folder = Path(tempfile.mkdtemp(prefix="kinora-bench.", dir="/tmp"))
        self.folder.chmod(0o755)
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.load_program = self.compile("load/*.c", "load", "-O2")
        self.sync_library = self.compile("fsyncs.c", "fsyncs.so", "-O2", "-shared", "-fPIC")
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def compile(self, source, target, *options):
        path = self.folder / target
        subprocess.run(
            ["cc", "-std=gnu11", "-Wall", *options, "-o", path, *sorted((ROOT / "Tests/bench").glob(source))],
            check=True)
        return path

    def fresh(self, name):
        self.count += 1
        path = self.folder / f"{name}{self.count}"
        path.mkdir(mode=0o755)
        path.chmod(0o755)
        return path

    def load(self, *words, seconds=600):
        """Runs the load program; gives what it measured. A wrong answer ends the benchmark."""
        done = subprocess.run(
            [self.load_program, *map(str, words)], capture_output=True, text=True, timeout=seconds)
        if done.returncode != 0:
            raise RuntimeError(f"load {words[0]}: {done.stdout.strip()} {done.stderr.strip()}")
        return json.loads(done.stdout.splitlines()[-1])

    def start_load(self, *words):
        child = subprocess.Popen(
            [self.load_program, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.stack.callback(end, child)
        return child

    def simulator(self, scale=1):
        sim = Simulator(self.fresh("sim"), "--time-scale", scale)
        self.stack.callback(sim.stop)
        return sim

    def nginx(self, folder, text):
        """One nginx with one worker. `text` is the inside of http."""
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            (folder / "tmp" / name).mkdir(parents=True)
        user = "user root;" if IS_ROOT else ""
        temporary = "\n".join(
            f"{kind}_temp_path {folder}/tmp/{name};" for kind, name in (
                ("client_body", "body"), ("proxy", "proxy"), ("fastcgi", "fastcgi"),
                ("uwsgi", "uwsgi"), ("scgi", "scgi")))
        (folder / "nginx.conf").write_text(
            f"daemon off; {user} worker_processes 1; pid {folder}/pid; "
            f"error_log {folder}/error.log warn; worker_rlimit_nofile 20000;\n"
            "events { worker_connections 9000; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000;\n{temporary}\n{text}\n}}\n")
        child = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"],
            stderr=open(folder / "stderr", "wb"))
        self.stack.callback(end, child)
        return child

    def file_server(self, body):
        """nginx that serves one file of these bytes at /job on a Unix socket; gives its path."""
        folder = self.fresh("nginx")
        (folder / "www").mkdir(mode=0o755)
        (folder / "www/job").write_bytes(body)
        path = folder / "n.sock"
        self.nginx(
            folder,
            f"open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s; sendfile on;\n"
            f"server {{ listen unix:{path}; root {folder}/www; default_type application/json; }}")
        wait("nginx", 10, path.exists)
        path.chmod(0o666)
        return path

    def front(self, sim):
        """nginx before the simulator: HTTP/2 over TLS, and plain HTTP beside it."""
        folder = self.fresh("front")
        run = lambda *words: subprocess.run(words, check=True, cwd=folder, capture_output=True)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
        run("openssl", "req", "-x509", "-keyout", "ca.key", "-out", "ca.pem", *key,
            "-subj", "/CN=bench CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        run("openssl", "req", "-x509", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "leaf.key",
            "-out", "leaf.pem", *key, "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "extendedKeyUsage=serverAuth",
            "-addext", "basicConstraints=critical,CA:FALSE")
        tls, plain = reserve(self.stack), reserve(self.stack)
        pass_on = (
            "proxy_pass http://sim; proxy_http_version 1.1; proxy_set_header Connection ''; "
            "proxy_set_header Host $http_host; proxy_max_temp_file_size 0; "
            "proxy_request_buffering off; proxy_read_timeout 600s;")
        self.nginx(folder, f"""
            upstream sim {{ server 127.0.0.1:{sim.port}; keepalive 64; }}
            client_max_body_size 0;
            server {{ listen 127.0.0.1:{tls} ssl http2 backlog=4096;
              ssl_certificate {folder}/leaf.pem; ssl_certificate_key {folder}/leaf.key;
              location / {{ {pass_on} proxy_set_header X-Forwarded-Proto https;
                proxy_set_header X-Forwarded-Host $http_host; }} }}
            server {{ listen 127.0.0.1:{plain} backlog=4096;
              location / {{ {pass_on} }}
              location = /stub {{ stub_status; }} }}""")
        front = Front(tls, plain, folder / "ca.pem")
        wait("front", 10, front.answers)
        return front

    def kinorad(self, providers="", **options):
        host = Host(self, self.fresh("k"), providers, **options)
        self.stack.callback(host.stop)
        return host


class Front:
    def __init__(self, tls, plain, authority):
        self.tls, self.plain, self.authority = tls, plain, authority

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.tls)):
            return True

    def requests(self):
        """Requests that the front has taken so far, its own counter."""
        from urllib.request import urlopen
        with urlopen(f"http://127.0.0.1:{self.plain}/stub", timeout=10) as answer:
            return int(answer.read().split()[9])


class Host:
    """One state directory and its kinorad."""

    def __init__(self, world, folder, providers, **options):
        self.world, self.folder = world, folder
        self.socket = folder / "k.sock"
        self.process = None
        self.syncs = None
        self.environment = {}
        (folder / "key").write_text("sk-bench-0001\n")
        (folder / "key").chmod(0o600)
        more = "".join(f"{name}: {value}\n" for name, value in options.items())
        (folder / "kinora.yaml").write_text(
            f"version: 1\nstate_dir: {folder}/state\nplugin_path: [{BUILD}/lib/kinora/plugins]\n"
            f"listen:\n  unix: {{path: {self.socket}, mode: \"0666\"}}\n"
            f"providers:\n{providers or SAMPLE.format(url='http://127.0.0.1:9')}"
            f"limits: {{max_queued: 0}}\n{more}")

    def count_syncs(self):
        """From the next start on every fsync and fdatasync of the process is counted."""
        self.syncs = self.folder / "syncs"
        self.syncs.write_bytes(bytes(8))
        self.environment = {
            "LD_PRELOAD": str(self.world.sync_library), "FSYNCS_FILE": str(self.syncs)}

    def sync_count(self):
        return int.from_bytes(self.syncs.read_bytes(), "little")

    def start(self):
        """Starts kinorad; gives the seconds from the spawn to READY=1."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            name = f"{self.folder}/notify"
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            notify.bind(name)
            notify.settimeout(120)
            environment = {**os.environ, **self.environment, "NOTIFY_SOCKET": name}
            with open(self.folder / "log", "ab") as log:
                begin = time.monotonic()
                self.process = subprocess.Popen(
                    [program("kinorad"), "--config", self.folder / "kinora.yaml"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
            while b"READY=1" not in notify.recv(4096):
                pass
            return time.monotonic() - begin

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def request_bytes(self, path):
        """The body of a GET as it is on the wire."""
        connection = UnixConnection(self.socket, 120)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def request(self, method, path, body=None):
        connection = UnixConnection(self.socket, 120)
        try:
            data = json.dumps(body) if body is not None else None
            headers = {"Content-Type": "application/json"} if data else {}
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            raw = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {answer.status} {raw[:300]}")
            return json.loads(raw) if "json" in answer.headers.get("Content-Type", "") else raw
        finally:
            connection.close()

    def command(self, *words):
        """Runs the command line against it; gives the seconds that it took and what it printed."""
        begin = time.monotonic()
        done = subprocess.run(
            [program("kinora"), "--socket", self.socket, *words], capture_output=True, text=True,
            timeout=120)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise RuntimeError(f"kinora {' '.join(words)}: {done.stderr}")
        return seconds, done.stdout

    def metric(self, name):
        """A sample of /metrics by its name and labels; 0 when it is not there."""
        for line in self.request("GET", "/metrics").decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0

    def jobs_in(self, state):
        return int(self.metric(f'kinora_jobs{{state="{state}"}}'))

    def add_jobs(self, count, prefix, uid, ids=None, model="sample/clip"):
        words = ["post", self.socket, 600, 32, model, prefix, count, uid]
        return self.world.load(*words, *([ids] if ids else []))


def end(child):
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


SAMPLE = "  sample: {{base_url: {url}/sample/v1, allow_private: true}}\n"
