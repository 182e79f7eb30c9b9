"""Files that look like pictures, made byte by byte."""

import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(width_px: int, height_px: int, pixels: bytes, bit_depth: int = 8) -> bytes:
    """Return a grey PNG whose chunks are whole, around any `pixels`, compressed or not."""
    header = struct.pack(">IIBBBBB", width_px, height_px, bit_depth, 0, 0, 0, 0)
    return PNG_SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """Return a whole PNG of a few kB that unpacks to 64 million pixels."""
    line = b"\0" + bytes(8000 // 8)
    return png(8000, 8000, zlib.compress(line * 8000, 9), bit_depth=1)


def broken_pixels() -> bytes:
    """Return a PNG with a good header, good checksums and pixels that cannot be unpacked."""
    return png(64, 64, b"\x78\x9c" + b"\xff" * 500)


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
