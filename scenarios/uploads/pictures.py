"""Look at a picture before its job is taken: cheap checks, from headers, nothing is decoded."""

import os
import struct
import warnings
from typing import BinaryIO

from PIL import Image

from scenarios.errors import BadUpload

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 50_000_000


def check_image(file: BinaryIO) -> None:
    """Accept a whole PNG, JPEG or WebP of at most 50 million pixels."""
    file.seek(0)
    try:
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            width, height, kind = _read_header(file)
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError):
        raise BadUpload(f"the file is no {', '.join(FORMATS)} picture, or is damaged") from None
    if width * height > MAX_PIXELS:
        raise BadUpload(f"{width} x {height} pixels are more than {MAX_PIXELS:,}")
    if not _is_whole(file, kind):
        raise BadUpload("the picture is cut off")


def _read_header(file: BinaryIO) -> tuple[int, int, str]:
    with Image.open(file, formats=FORMATS) as picture:
        return picture.width, picture.height, picture.format or ""


def _is_whole(file: BinaryIO, kind: str) -> bool:
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    if kind == "PNG":
        return _png_is_whole(file)
    if kind == "WEBP":
        _, length = struct.unpack("<4sI", file.read(8))
        return size_bytes >= int(length) + 8
    return _jpeg_is_whole(file)


def _png_is_whole(file: BinaryIO) -> bool:
    """Walk the chunks: length, name, data, checksum; the last one is IEND."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name == b"IEND":
            return True
        file.seek(length + 4, os.SEEK_CUR)
    return False


def _jpeg_is_whole(file: BinaryIO) -> bool:
    """Walk the segments to the scan; after it FF D9 can only be the end of the picture."""
    file.seek(2)
    while len(head := file.read(4)) == 4:
        _, marker, length = struct.unpack(">BBH", head)
        file.seek(length - 2, os.SEEK_CUR)
        if marker == 0xDA:
            return b"\xff\xd9" in file.read()
    return False
