"""Sockets that the daemon must refuse, whoever hands them over."""

import os
import pathlib
import socket
import subprocess

from harness import SOCKET, check, run, wait_until, write

CONFIG = "/etc/kinora/kinora.yaml"


@check("a socket with another name, and a TCP socket without keys, end with 78")
def names():
    for name in ("http", "tcp"):
        result = activate(name)
        assert result[0] == 78, (name, result)


def activate(name):
    """Starts kinorad by systemd-socket-activate with one TCP socket of this name."""
    child = subprocess.Popen(
        ["runuser", "-u", "kinora", "--", "systemd-socket-activate", "--listen=127.0.0.1:8399",
         f"--fdname={name}", "/usr/bin/kinorad", "--config", private_config()],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def connect():
        try:
            socket.create_connection(("127.0.0.1", 8399), 1).close()
            return True
        except OSError:
            return False
    wait_until("the listener", connect, 10)
    try:
        output, _ = child.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        output, _ = child.communicate()
    return child.returncode, output


def private_config():
    """A configuration of its own in a folder of the user kinora."""
    folder = pathlib.Path("/tmp/kinora-other")
    run("install", "-d", "-o", "kinora", "-m", "755", str(folder))
    text = pathlib.Path(CONFIG).read_text()
    text = text.replace("/var/lib/kinora", f"{folder}/state").replace(SOCKET, f"{folder}/k.sock")
    write(str(folder / "kinora.yaml"), text)
    return str(folder / "kinora.yaml")


@check("a stale socket of another uid is left alone")
def foreign_socket():
    config = private_config()
    path = "/tmp/kinora-other/k.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    result = run("runuser", "-u", "kinora", "--", "/usr/bin/kinorad", "--config", config,
                 check=False)
    assert result.returncode == 78, result
    assert "is a socket of uid 0" in result.stderr + result.stdout, result
    assert os.path.exists(path)
    os.unlink(path)
