"""Pictures of some kilobytes, up to 10 MiB, that aim at the time and the memory of a job."""

import re
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image

from tests.support.png import COLOUR_ALPHA, bomb, chunk, flat_png

MIB = 1024**2


def save(picture: Image.Image, kind: str, **options: Any) -> bytes:  # Any: Pillow's own
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def progressive_jpeg(
    width: int, height: int, scans: int = 0, mode: str = "RGB", subsampling: int = 0
) -> bytes:
    """Return a JPEG that claims a size, with its last scan written so many times more."""
    small = save(Image.new(mode, (64, 64)), "JPEG", progressive=True, subsampling=subsampling)
    frame = small.index(b"\xff\xc2")
    claimed = small[: frame + 5] + struct.pack(">HH", height, width) + small[frame + 9 :]
    last = [found.start() for found in re.finditer(b"\xff\xda", claimed)][-1]
    return claimed[:-2] + claimed[last:-2] * scans + b"\xff\xd9"


def with_segments(marker: int, contents: list[bytes]) -> bytes:
    """Return a small JPEG with more segments behind its beginning."""
    small = save(Image.new("RGB", (64, 48), "teal"), "JPEG")
    more = b"".join(bytes([0xFF, marker]) + struct.pack(">H", len(c) + 2) + c for c in contents)
    return small[:2] + more + small[2:]


def exif_bomb() -> bytes:
    """Return a JPEG whose EXIF has 65,535 entries that all point at the same megabyte."""
    entries = b"".join(struct.pack("<HHII", tag, 7, MIB, 8) for tag in range(1, 65536))
    body = b"II*\0" + struct.pack("<I", MIB + 8) + bytes(MIB) + struct.pack("<H", 65535) + entries
    parts = [b"Exif\0\0" + body[at : at + 65000] for at in range(0, len(body), 65000)]
    return with_segments(0xE1, parts)


def with_chunks(chunks: list[bytes]) -> bytes:
    return flat_png(64, 48, chunks=b"".join(chunks))


def webp_with(name: bytes, content: bytes, times: int = 1) -> bytes:
    """Return a small WebP with more chunks behind it."""
    small = save(Image.new("RGB", (64, 48), "teal"), "WEBP")
    more = (name + struct.pack("<I", len(content)) + content) * times
    body = small[8:] + more
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_that_hides_its_alpha() -> bytes:
    """Return one of 22 million pixels once it is larger; its first chunk says they are opaque."""
    clear = Image.new("RGBA", (64, 64), "#1234")
    content = bytearray(save(clear, "WEBP", lossless=True, xmp=b"x"))
    content[content.index(b"VP8X") + 8] &= ~0x10
    return bytes(content)


def animation(kind: str, frames: int) -> bytes:
    pictures = [Image.new("RGB", (64, 48), (n % 256, 0, 0)) for n in range(frames)]
    return save(pictures[0], kind, save_all=True, append_images=pictures[1:])


def profile(size: int) -> list[bytes]:
    """Return the segments of an ICC profile of that size."""
    parts = [bytes(65000)] * (size // 65000)
    return [b"ICC_PROFILE\0" + bytes([n + 1, len(parts)]) + p for n, p in enumerate(parts)]


HUGE = struct.pack(">IIBBBBB", 12_000, 12_000, 8, COLOUR_ALPHA, 0, 0, 0)
ZEROS = zlib.compress(bytes(30 * MIB), 9)
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "thousands of scans": (lambda: progressive_jpeg(2000, 1500, 13_000), "64 scans"),
    "thousands of scans, one colour": (
        lambda: progressive_jpeg(9000, 5000, 13_000, "L"),
        "64 scans",
    ),
    "scans of all coefficients": (lambda: progressive_jpeg(8000, 6000), "takes 457 MiB"),
    "scans of four inks": (lambda: progressive_jpeg(7000, 6000, 0, "CMYK"), "takes 480 MiB"),
    "millions of comments": (lambda: with_segments(0xFE, [b""] * 2_000_000), "1,000 segments"),
    "many EXIF segments": (lambda: with_segments(0xE1, [b"Exif\0\0"] * 99_999), "1,000 segments"),
    "profile of 10 MB in a JPEG": (lambda: with_segments(0xE2, profile(10**7)), "4 MiB"),
    "profile bomb in a PNG": (lambda: with_chunks([chunk(b"iCCP", b"p\0\0" + ZEROS)]), "4 MiB"),
    "profile of 9 MiB in a WebP": (lambda: webp_with(b"ICCP", bytes(9 * MIB)), "4 MiB"),
    "hundred thousands of texts": (
        lambda: with_chunks([chunk(b"tEXt", b"k\0v")] * 500_000),
        "20,000 chunks",
    ),
    "pixels in crumbs": (lambda: with_chunks([chunk(b"IDAT", b"")] * 500_000), "20,000 chunks"),
    "chunks of a WebP": (lambda: webp_with(b"JUNK", b"", 1_000_000), "1,000 chunks"),
    "animated PNG": (lambda: animation("PNG", 300), "animated: 300 frames"),
    "animated WebP": (lambda: animation("WEBP", 300), "the picture is animated"),
    "a side of 50 million": (lambda: flat_png(1, 50_000_000 // 64), "no side"),
    "a line of 50 million": (lambda: flat_png(50_000_000, 1), "no side"),
    "64 million pixels": (bomb, "more than 50,000,000"),
    "a second header": (
        lambda: flat_png(64, 48, chunks=chunk(b"IHDR", HUGE)),
        "the header of the picture is damaged",
    ),
    "no pixels": (lambda: flat_png(0, 0), "no picture"),
    "lossless WebP": (
        lambda: save(Image.new("L", (16_383, 3000)), "WEBP", lossless=True, method=0),
        "takes 749 MiB",
    ),
}
# What is accepted: the file, the width, the operations, and how the job ends.
HELD: dict[str, tuple[Callable[[], bytes], int, list[str], str]] = {
    "64 scans": (
        lambda: progressive_jpeg(8000, 6200, 54, subsampling=2),
        4096,
        ["blur", "sharpen"],
        "made",
    ),
    "50 million pixels of 64 bits": (
        lambda: flat_png(8000, 6250, COLOUR_ALPHA, 16),
        4096,
        ["blur", "watermark"],
        "made",
    ),
    "lossless WebP": (
        lambda: save(Image.new("RGBA", (4800, 4700), "#1234"), "WEBP", lossless=True, method=0),
        2800,
        ["sharpen"],
        "made",
    ),
    "EXIF bomb": (exif_bomb, 64, ["thumbnail"], "made"),
    "text bombs": (
        lambda: with_chunks([chunk(b"zTXt", b"k\0\0" + ZEROS)] * 200),
        64,
        ["thumbnail"],
        "made",
    ),
    "one pixel wide": (lambda: flat_png(1, 1), 4096, ["blur", "sharpen"], "made"),
    "a name on 65,500 x 700": (lambda: flat_png(65_500, 700), 4096, ["watermark"], "made"),
    "ten operations": (
        lambda: flat_png(1, 1),
        4096,
        ["blur"] * 10,
        "refused: 10 operations on 4096 x 4096 pixels, too many",
    ),
    "alpha that the header hides": (
        webp_that_hides_its_alpha,
        4096,
        ["blur"],
        "refused: the picture would have 4096 x 4096 pixels, too many",
    ),
    "a tower": (
        lambda: flat_png(1, 65_500),
        16,
        ["blur"],
        "refused: the picture would have 16 x 1048000 pixels, too many",
    ),
}
