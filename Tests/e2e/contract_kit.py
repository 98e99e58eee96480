"""A daemon on loopback TCP beside its socket, with a key, and its contract."""

import hashlib
import socket

KEY = "kn-contract-key-0001"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def with_key(daemon, port=None):
    """Starts `daemon` with a TCP listener whose key is `KEY`; gives its address."""
    port = port or free_port()
    keys = daemon.directory / "keys"
    keys.write_text(f"contract {hashlib.sha256(KEY.encode()).hexdigest()}\n")
    keys.chmod(0o600)
    daemon.config.write_text(daemon.config.read_text().replace(
        "listen:\n", f"listen:\n  tcp: {{address: 127.0.0.1:{port}, keys_file: {keys}}}\n"))
    daemon.start()
    return f"http://127.0.0.1:{port}"

