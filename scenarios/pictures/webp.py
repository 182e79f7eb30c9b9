"""Walk the chunks of a WebP: RIFF, its length, WEBP, then name, length and content of each."""

import struct
from collections.abc import Iterator

from scenarios.errors import BadUpload

from .exif import read_orientation
from .parts import CUT_OFF, DAMAGED, Parts, check_profile

HEADER_BYTES = 12
MAX_CHUNKS = 1000
METADATA = (b"ICCP", b"EXIF", b"XMP ")
KEPT = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
METADATA_BITS = 0x20 | 0x08 | 0x04  # of the first byte of VP8X
PIXEL_BYTES = 16  # Pillow's decoder keeps the picture four times


def read(content: bytes) -> Parts:
    """Return the parts of a still picture; an animation is refused."""
    kept, seen = list[bytes](), dict[bytes, bytes]()
    frames, size, has_alpha = 0, (0, 0), False
    for name, data in _walk(content):
        frames += name == b"ANMF"
        if name in METADATA:
            seen.setdefault(name, data)
        elif name in KEPT:
            size = size if kept else _measure(name, data)
            has_alpha = has_alpha or _may_have_alpha(name, data)
            flags = data[0] & ~METADATA_BITS if name == b"VP8X" else data[0]
            padded = bytes([flags]) + data[1:] + bytes(len(data) % 2)
            kept.append(name + struct.pack("<I", len(data)) + padded)
    if frames > 1:
        raise BadUpload(f"the picture is animated: {frames:,} frames instead of one")
    width, height = size
    body = b"WEBP" + b"".join(kept)
    return Parts(
        kind="WEBP",
        width=width,
        height=height,
        content=b"RIFF" + struct.pack("<I", len(body)) + body,
        decoded_bytes=width * height * PIXEL_BYTES,
        has_alpha=has_alpha,
        profile=check_profile(seen.get(b"ICCP", b"")) or None,
        orientation=read_orientation(seen.get(b"EXIF", b"")),
    )


def _walk(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each chunk, up to the end that the file announces."""
    if len(content) < HEADER_BYTES or content[8:12] != b"WEBP":
        raise BadUpload(DAMAGED)
    at, end = HEADER_BYTES, int.from_bytes(content[4:8], "little") + 8
    if end > len(content):
        raise BadUpload(CUT_OFF)
    for _ in range(MAX_CHUNKS):
        if at + 8 > end:
            return
        name, length = struct.unpack_from("<4sI", content, at)
        if at + 8 + length > end:
            raise BadUpload(CUT_OFF)
        if length:
            yield name, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise BadUpload(f"the picture has more than {MAX_CHUNKS:,} chunks")


def _may_have_alpha(name: bytes, data: bytes) -> bool:
    """Tell what a chunk says of alpha; the decoder believes each, and not the first one alone."""
    if name == b"VP8X":
        return bool(data[0] & 0x10)
    return name in (b"ALPH", b"ANMF") or (
        name == b"VP8L" and bool(int.from_bytes(data[4:5]) & 0x10)
    )


def _measure(name: bytes, data: bytes) -> tuple[int, int]:
    """Return width and height, as the first chunk of the picture says."""
    if name == b"VP8X" and len(data) >= 10:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height
    if name == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise BadUpload(DAMAGED)
