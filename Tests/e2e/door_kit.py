"""What tests of front doors share: a daemon that listens on loopback TCP too, for clients without a way to a
Unix socket."""

import hashlib
import socket

KEY = "kin-test-0123456789abcdef0123456789abcdef"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def with_tcp(daemon, **more):
    """Gives a daemon that is not started a TCP listener with KEY; `tcp` is its address. The key's jobs belong
    to a client of their own, which the socket's uid sees as root or as the daemon's own user."""
    keys = daemon.directory / "keys"
    keys.write_text(f"app {hashlib.sha256(KEY.encode()).hexdigest()}\n")
    keys.chmod(0o600)
    port = free_port()
    daemon.address = ("127.0.0.1", port)
    daemon.tcp = f"http://127.0.0.1:{port}"
    rest = "".join(f", {name}: {value}" for name, value in more.items())
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(
        "providers:\n", f"  tcp: {{address: 127.0.0.1:{port}, keys_file: {keys}{rest}}}\nproviders:\n", 1))
    return daemon
