"""Walk the segments of a JPEG (ITU T.81, annex B): marker, length, content; scans between them."""

import re
import struct
from collections.abc import Iterator

from scenarios.errors import BadUpload

from .exif import read_orientation
from .parts import CUT_OFF, DAMAGED, Parts, check_profile

MAX_SEGMENTS = 1000
MAX_SCANS = 64  # encoders write 10; each costs a walk over all pixels, however short it is
DECODABLE = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)  # frames of 8 bits, in one go or progressive
PROGRESSIVE = (0xC2, 0xCA)
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
SCAN, END = 0xDA, 0xD9
METADATA = {*range(0xE1, 0xF0), 0xFE} - {0xEE}  # 0xE0 and 0xEE tell the decoder about colours
NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # what a scan cannot contain


def read(content: bytes) -> Parts:
    """Return the parts of the first picture in the file: phones hang others behind it."""
    kept, exif, profile = [b"\xff\xd8"], b"", dict[int, bytes]()
    frame, scans, is_split = b"", 0, False
    for marker, data, segment in _walk(content):
        if marker in FRAMES:
            if frame or marker not in DECODABLE or data[:1] != b"\x08":
                raise BadUpload(
                    "this kind of JPEG cannot be read: it is not of 8 bits, or lossless"
                )
            frame, is_split = data, marker in PROGRESSIVE
        elif marker == SCAN:
            scans += 1
            is_split = is_split or data[:1] != frame[5:6]
        elif data.startswith(b"Exif\0\0"):
            exif = exif or data
        elif data.startswith(b"ICC_PROFILE\0") and len(data) > 14:
            profile[data[12]] = data[14:]
        if scans > MAX_SCANS:
            raise BadUpload(f"the picture comes in more than {MAX_SCANS} scans")
        if marker not in METADATA:
            kept.append(segment)
    if not scans:
        raise BadUpload(CUT_OFF)
    height, width, decoded_bytes = _measure(frame, is_split)
    whole_profile = b"".join(profile[number] for number in sorted(profile))
    return Parts(
        kind="JPEG",
        width=width,
        height=height,
        content=b"".join(kept),
        decoded_bytes=decoded_bytes,
        profile=check_profile(whole_profile) or None,
        orientation=read_orientation(exif),
    )


def _walk(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, content and the whole segment, with the scan that follows it, to the end."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        found = NEXT_MARKER.search(content, at)  # it also skips padding
        if not found:
            raise BadUpload(CUT_OFF)
        begin, marker = found.start(), content[found.start() + 1]
        if marker == END:
            yield marker, b"", content[begin : begin + 2]
            return
        if marker in (0x01, 0xD8):  # they stand alone
            at = begin + 2
            continue
        (length,) = struct.unpack(">H", content[begin + 2 : begin + 4].rjust(2, b"\0"))
        at = begin + 2 + length
        data = content[begin + 4 : at]
        if marker == SCAN:
            after = NEXT_MARKER.search(content, at)
            at = after.start() if after else len(content)
        yield marker, data, content[begin:at]
    raise BadUpload(f"the picture has more than {MAX_SEGMENTS:,} segments")


def _measure(frame: bytes, is_split: bool) -> tuple[int, int, int]:
    """Return height and width in pixels, and the bytes that decoding needs at once.

    A pixel takes 4 bytes, a grey one 1. Where it comes in several scans, the decoder also keeps
    all coefficients: 2 bytes for each sample of each component, of which colours may have fewer.
    """
    try:
        height, width, components = struct.unpack_from(">HHB", frame, 1)
        sampling = [frame[7 + 3 * number] for number in range(components)]
        across, down = ([max(1, n) for n in side] for side in _sides(sampling))
    except (struct.error, IndexError):
        raise BadUpload(DAMAGED) from None
    samples = sum(x * y for x, y in zip(across, down, strict=True))
    ratio = samples / (max(across, default=1) * max(down, default=1))
    pixel_bytes = (1 if components == 1 else 4) + (2 * ratio if is_split else 0)
    return height, width, int(width * height * pixel_bytes)


def _sides(sampling: list[int]) -> tuple[list[int], list[int]]:
    return [each >> 4 for each in sampling], [each & 15 for each in sampling]
