"""Look at a picture before its job is taken: cheap checks, from headers, nothing is decoded."""

import struct
import warnings
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from scenarios.errors import BadUpload
from scenarios.pictures import Parts, take_apart
from scenarios.pictures.result import check_operations, find_size


def image_check(operations: Sequence[str], width: int) -> Callable[[BinaryIO], None]:
    """Return what accepts a picture on which these operations, to this width, can be done."""

    def check(file: BinaryIO) -> None:
        parts = check_image(file)
        check_operations(find_size(parts, width), len(operations))

    return check


def check_image(file: BinaryIO) -> Parts:
    """Accept a whole still PNG, JPEG or WebP whose pixels can be decoded at a bearable cost."""
    file.seek(0)
    parts = take_apart(file.read())
    try:
        with warnings.catch_warnings(action="ignore"):
            Image.open(BytesIO(parts.content), formats=[parts.kind]).close()
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError):
        raise BadUpload("the picture is damaged") from None
    return parts
