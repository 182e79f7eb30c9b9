"""Take a JPEG, PNG or WebP file apart, from its structure alone: nothing is decoded.

What a picture is made of goes to the decoder; what else the file holds (where and with which
camera it was taken, comments, previews, anything hidden) does not. So nobody has to parse it, it
cannot get into a result, and what would cost too much is known before any pixel is unpacked.
"""

from collections.abc import Callable

from scenarios.errors import BadUpload

from . import jpeg, png, webp
from .parts import FORMATS, MAX_PIXELS, MAX_SIDE_PX, Parts, check_cost

__all__ = ["FORMATS", "MAX_PIXELS", "MAX_SIDE_PX", "Parts", "take_apart"]

READERS: dict[bytes, Callable[[bytes], Parts]] = {
    b"\xff\xd8\xff": jpeg.read,
    b"\x89PNG\r\n\x1a\n": png.read,
    b"RIFF": webp.read,
}


def take_apart(content: bytes) -> Parts:
    """Return the parts of a whole picture; raises `BadUpload` with the reason it is refused."""
    for beginning, read in READERS.items():
        if content.startswith(beginning):
            parts = read(content)
            check_cost(parts)
            return parts
    raise BadUpload(f"the file is no {', '.join(FORMATS)} picture")
