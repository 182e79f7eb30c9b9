"""Look at a picture before its job is taken: cheap checks, from headers, nothing is decoded."""

import struct
import warnings
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from scenarios.errors import BadUpload
from scenarios.pictures import take_apart


def check_image(file: BinaryIO) -> None:
    """Accept a whole still PNG, JPEG or WebP whose pixels can be decoded at a bearable cost."""
    file.seek(0)
    parts = take_apart(file.read())
    try:
        with warnings.catch_warnings(action="ignore"):
            Image.open(BytesIO(parts.content), formats=[parts.kind]).close()
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError):
        raise BadUpload("the picture is damaged") from None
