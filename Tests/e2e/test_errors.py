"""docs/errors.md, the last column: what the command line ends with for each error of the daemon."""

import json
import re
import socket
import threading

from kinora_kit import kinora
from simulator import ROOT


def documented():
    """`{code: (status, exit)}` of the page."""
    page = (ROOT / "docs/errors.md").read_text()
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (\d+) \| \d+ \| \d+ \| \w+ \| (\d+) \|$", page, re.M)
    return {code: (int(status), int(number)) for code, status, number in rows}


class Daemon:
    """A socket that answers every request with one error."""

    def __init__(self, path):
        self.path, self.code, self.status = path, "", 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with client:
                data = b""
                while b"\r\n\r\n" not in data and (piece := client.recv(65536)):
                    data += piece
                body = json.dumps({
                    "detail": f"it is {self.code}", "request_id": "req_1", "errors": [],
                    "error": {"code": self.code, "message": f"it is {self.code}"}}).encode()
                client.sendall(
                    b"HTTP/1.1 %d Words\r\nContent-Type: application/problem+json\r\n"
                    b"Content-Length: %d\r\nConnection: close\r\n\r\n" % (self.status, len(body))
                    + body)

    def close(self):
        # A blocked accept does not end by a close alone.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


def test_each_error_has_its_exit_status(tmp_path):
    """One table: each code ends the command line with the status of the page, its words on stderr [P19]."""
    table = documented()
    assert len(table) > 50
    daemon = Daemon(tmp_path / "k.sock")
    try:
        for code, (status, expected) in table.items():
            daemon.code, daemon.status = code, status
            done = kinora("models", socket=daemon.path)
            assert done.code == expected, (code, status, done)
            assert done.out == "" and f"it is {code}" in done.err, done
    finally:
        daemon.close()


def test_the_page_names_the_exit_statuses():
    """The exit statuses that the overview of the command line names are those of the page [P19]."""
    overview = kinora("--help").out
    used = {number for _, number in documented().values()}
    for number in used | {0, 6, 7, 130}:
        assert re.search(rf"\b{number} ", overview), number
