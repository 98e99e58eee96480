"""Small media and form data for requests, made byte by byte."""

import base64
import struct
import zlib


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(length=0):
    """A whole PNG of one pixel, exactly `length` bytes when that is given."""
    begin = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    end = chunk(b"IDAT", zlib.compress(b"\0\1\2\3")) + chunk(b"IEND", b"")
    rest = length - len(begin) - len(end) - 12
    return begin + (chunk(b"teXt", bytes(rest)) if rest > 0 else b"") + end


PNG = png()


def data_url(data, kind="image/png"):
    return f"data:{kind};base64," + base64.b64encode(data).decode()


FORM = "multipart/form-data; boundary=b0"


def form(*parts):
    """A multipart body: its parts are (name, file name or None, bytes)."""
    body = b""
    for name, filename, data in parts:
        extra = f'; filename="{filename}"\r\nContent-Type: image/png' if filename else ""
        body += f'--b0\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()
        body += data + b"\r\n"
    return body + b"--b0--\r\n"
