"""PNG files with any number of bits, interlaced or not, whole or damaged, and own chunks."""

import struct
import zlib
from collections.abc import Callable

Pixel = tuple[int, ...]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6
SAMPLES = {GREY: 1, COLOUR: 3, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
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


def png(
    size: tuple[int, int],
    packed: bytes,
    kind: int = GREY,
    bits: int = 8,
    chunks: bytes = b"",
    is_interlaced: bool = False,
) -> bytes:
    """Return a PNG whose chunks are whole, around any `packed` pixels, compressed or not."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, is_interlaced))
    return SIGNATURE + header + chunks + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


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
    return png(size, zlib.compress(pixels, 1), kind, bits, chunks, is_interlaced)


def flat_png(
    width: int, height: int, kind: int = GREY, bits: int = 8, chunks: bytes = b""
) -> bytes:
    """Return a black PNG, however large, without ever holding its pixels."""
    row = bytes(1 + (width * SAMPLES[kind] * bits + 7) // 8)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png((width, height), packed, kind, bits, chunks)


def bomb() -> bytes:
    """Return a whole PNG of a few kB that unpacks to 64 million pixels."""
    return flat_png(8000, 8000, bits=1)


def broken_pixels() -> bytes:
    """Return a PNG with a good header, good checksums and pixels that cannot be unpacked."""
    return png((64, 64), b"\x78\x9c" + b"\xff" * 500)


def _pack(row: list[Pixel], bits: int) -> bytes:
    samples = [sample for pixel in row for sample in pixel]
    if bits == 16:
        return struct.pack(f">{len(samples)}H", *samples)
    if bits == 8:
        return bytes(samples)
    line = "".join(f"{sample:0{bits}b}" for sample in samples)
    line += "0" * (-len(line) % 8)
    return int(line, 2).to_bytes(len(line) // 8, "big")
