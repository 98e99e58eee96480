"""Clients that a server should not suffer from: slow_clients.py SOCKET IDLE DRIPPING SECONDS.

IDLE connections say nothing, DRIPPING ones send one byte of a head every half second. Prints JSON:
the statuses that were received, and after how many seconds the first and the last one came.
"""

import json
import selectors
import socket
import sys
import time

path, idle, dripping, seconds = sys.argv[1], *map(int, sys.argv[2:])
HEAD = b"GET /livez HTTP/1.1\r\nHost: kinora\r\nX-Slow: " + b"x" * 10_000


def connect():
    made = socket.socket(socket.AF_UNIX)
    made.connect(path)
    made.setblocking(False)
    return made


quiet = [connect() for _ in range(idle)]
selector = selectors.DefaultSelector()
began, answers, closed = {}, [], 0
for _ in range(dripping):
    drip = connect()
    drip.send(HEAD[:1])
    began[drip] = time.monotonic()
    selector.register(drip, selectors.EVENT_READ)
print("ready", flush=True)
sent, end = 1, time.monotonic() + seconds
while time.monotonic() < end and began:
    turn = time.monotonic() + 0.5
    while (left := turn - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            drip = key.fileobj
            try:
                data = drip.recv(4096)
            except ConnectionResetError:
                data = b""
            if data:
                answers.append((int(data.split()[1]), time.monotonic() - began[drip]))
            else:
                selector.unregister(drip)
                drip.close()
                del began[drip]
    for drip in began:
        try:
            drip.send(HEAD[sent:sent + 1])
        except OSError:
            pass
    sent += 1
print(json.dumps({
    "statuses": sorted({status for status, _ in answers}), "answers": len(answers),
    "first": min((at for _, at in answers), default=None),
    "last": max((at for _, at in answers), default=None), "left": len(began)}))
