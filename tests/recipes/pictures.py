"""Small pictures for the tests."""

import io

from PIL import Image


def png(width_px: int = 64) -> bytes:
    """Return a PNG with one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width_px, 48), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def damaged_png() -> bytes:
    """Return a PNG whose header is right and whose pixels are not."""
    content = bytearray(png(200))
    start = content.index(b"IDAT") + 6
    content[start : start + 20] = b"\xff" * 20
    return bytes(content)
