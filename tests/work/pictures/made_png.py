"""PNG files with any number of bits, interlaced or not, and chunks of one's own."""

import struct
import zlib
from collections.abc import Callable

Pixel = tuple[int, ...]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6
PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def make_png(
    size: tuple[int, int],
    kind: int,
    bits: int,
    pixel_at: Callable[[int, int], Pixel],
    chunks: bytes = b"",
    is_interlaced: bool = False,
) -> bytes:
    """Return a PNG of width x height; `pixel_at(x, y)` gives the samples of a pixel."""
    width, height = size
    steps = PASSES if is_interlaced else ((0, 0, 1, 1),)
    rows = [
        [pixel_at(x, y) for x in range(left, width, across)]
        for left, top, across, down in steps
        for y in range(top, height, down)
    ]
    pixels = b"".join(b"\0" + _pack(row, bits) for row in rows if row)
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, is_interlaced)
    return (
        SIGNATURE
        + chunk(b"IHDR", header)
        + chunks
        + chunk(b"IDAT", zlib.compress(pixels, 1))
        + chunk(b"IEND", b"")
    )


def _pack(row: list[Pixel], bits: int) -> bytes:
    samples = [sample for pixel in row for sample in pixel]
    if bits == 16:
        return struct.pack(f">{len(samples)}H", *samples)
    if bits == 8:
        return bytes(samples)
    line = "".join(f"{sample:0{bits}b}" for sample in samples)
    line += "0" * (-len(line) % 8)
    return int(line, 2).to_bytes(len(line) // 8, "big")
