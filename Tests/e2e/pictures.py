"""Pictures of a size, for providers that look at it."""

import struct
import zlib

from media import chunk


def png_of(width, height):
    """A whole PNG of one colour."""
    rows = (b"\0" + b"\x20\x40\x80" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
