"""Walk the chunks of a PNG: length, name, content, checksum; the last one is IEND."""

import struct
import zlib
from collections.abc import Iterator, Mapping

from scenarios.errors import BadUpload

from .exif import read_orientation
from .parts import CUT_OFF, DAMAGED, MAX_PROFILE_BYTES, Parts, check_profile

SIGNATURE_BYTES = 8
GAMMA_OF_SRGB = 1 / 2.2
MORE_EXACT = {b"iCCP", b"sRGB", b"cICP"}
MAX_CHUNKS = 20_000  # encoders write the pixels in chunks of 8 kB or more
KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
PIXEL_BYTES = {(1, 0): 1, (2, 0): 1, (4, 0): 1, (8, 0): 1, (16, 0): 2}  # (bits, kind of colour)
PIXEL_BYTES |= {(1, 3): 1, (2, 3): 1, (4, 3): 1, (8, 3): 1}  # a palette
PIXEL_BYTES |= {(bits, kind): 4 for bits in (8, 16) for kind in (2, 4, 6)}


def read(content: bytes) -> Parts:
    """Return the parts of a still picture; an animation is refused."""
    kept, headers = [content[:SIGNATURE_BYTES]], list[bytes]()
    frames, is_first_frame, seen = 0, False, dict[bytes, bytes]()
    for name, data, chunk in _walk(content):
        if name == b"IHDR":
            headers.append(data)
        elif name == b"acTL" and b"IDAT" not in seen:
            frames += int.from_bytes(data[:4], "big")
        elif name == b"fcTL" and b"IDAT" not in seen:
            is_first_frame = True
        seen.setdefault(name, data)
        if name in KEPT:
            kept.append(chunk)
    frames += frames and not is_first_frame  # a picture for programs that do not know animations
    if frames > 1:
        raise BadUpload(f"the picture is animated: {frames:,} frames instead of one")
    try:
        (header,) = headers  # of several the decoder takes the last, however large it is
        width, height, bits, colours = struct.unpack_from(">IIBB", header)
        pixel_bytes = PIXEL_BYTES[bits, colours]
    except (ValueError, struct.error, KeyError):
        raise BadUpload(DAMAGED) from None
    return Parts(
        kind="PNG",
        width=width,
        height=height,
        content=b"".join(kept),
        decoded_bytes=width * height * pixel_bytes,
        profile=check_profile(_unpack(seen.get(b"iCCP", b""))) or None,
        gamma=_read_gamma(seen),
        orientation=read_orientation(seen.get(b"eXIf", b"")),
    )


def _walk(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and the whole chunk, up to the last one."""
    at = SIGNATURE_BYTES
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(content):
            raise BadUpload(CUT_OFF)
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise BadUpload(CUT_OFF)
        yield name, content[at + 8 : end - 4], content[at:end]
        if name == b"IEND":
            return
        at = end
    raise BadUpload(f"the picture has more than {MAX_CHUNKS:,} chunks")


def _read_gamma(seen: Mapping[bytes, bytes]) -> float | None:
    """Return the gamma, if it is not as good as that of sRGB and nothing says it more exactly."""
    gamma = int.from_bytes(seen.get(b"gAMA", b"")[:4]) / 100_000
    is_srgb = not gamma or abs(gamma / GAMMA_OF_SRGB - 1) < 0.05
    return None if is_srgb or seen.keys() & MORE_EXACT else gamma


def _unpack(data: bytes) -> bytes:
    """Return the profile: name, NUL, method 0, and zlib; stop where it gets too large."""
    _, _, packed = data.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return b""  # as browsers do: a picture without a profile
