"""Decode a picture and bring it to its new size; large ones part by part, to hold them once."""

import math
from collections.abc import Callable
from io import BytesIO

from PIL import Image

from .parts import Parts

PART_PX = 2000
WEIGHTED = {"LA": "La", "RGBA": "RGBa"}  # Pillow's words for colours that are times their alpha
TO_8_BITS = [round(value / 257) for value in range(65536)]
UNWEIGHTED = {weighted: mode for mode, weighted in WEIGHTED.items()}


def decode(parts: Parts, size: tuple[int, int]) -> Image.Image:
    """Return the pixels as L, LA, RGB, RGBA or CMYK, in the size (width, height)."""
    with Image.open(BytesIO(parts.content), formats=[parts.kind]) as source:
        if source.mode == "CMYK" and "adobe" not in source.info:
            # Pillow takes each for one of Adobe's programs, which write 255 for no ink.
            source.tile = [tile._replace(args=("CMYK", "")) for tile in source.tile]
        source.load()
        if parts.kind == "PNG" and "transparency" in source.info:
            _scale_transparent_colour(source, bits=parts.content[24])
        return resize(source, size)


def _scale_transparent_colour(source: Image.Image, bits: int) -> None:
    """Bring this colour to the 8 bits of the pixels: Pillow leaves it as the file has it."""
    colour = source.info["transparency"]
    if source.mode == "RGB" and bits == 16:
        source.info["transparency"] = tuple(each >> 8 for each in colour)
    if source.mode == "L":
        source.info["transparency"] = colour * 255 // (2**bits - 1)


def resize(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return `picture`, of any mode, as L, LA, RGB, RGBA or CMYK in the size (width, height)."""
    if picture.size == size:
        return _simplify(picture)
    across, down = (
        max(1, before // (4 * after)) for before, after in zip(picture.size, size, strict=True)
    )
    width, height = picture.width / across, picture.height / down
    prepare: Callable[[Image.Image], Image.Image] = _prepare
    if across * down > 1:
        picture, prepare = _reduce(picture, across, down), Image.Image.copy
    scale = height / size[1]
    margin = math.ceil(3 * max(scale, 1))  # so far away Lanczos looks
    rows = max(1, int(PART_PX**2 / picture.width / scale))
    result: Image.Image | None = None
    for top in range(0, size[1], rows):
        bottom = min(top + rows, size[1])
        first = max(0, int(top * scale) - margin)
        last = min(picture.height, math.ceil(bottom * scale) + margin)
        part = prepare(picture.crop((0, first, picture.width, last)))
        box = (0, top * scale - first, width, min(bottom * scale - first, part.height))
        part = unweigh(part.resize((size[0], bottom - top), Image.Resampling.LANCZOS, box))
        result = result or Image.new(part.mode, size)
        result.paste(part, (0, top))
    assert result is not None  # a picture has at least one row
    return result


def weigh(picture: Image.Image) -> Image.Image:
    """Return the colours times their alpha: a transparent pixel has no weight among others."""
    return picture.convert(WEIGHTED.get(picture.mode, picture.mode))


def unweigh(picture: Image.Image) -> Image.Image:
    """Return what `weigh` was given."""
    return picture.convert(UNWEIGHTED.get(picture.mode, picture.mode))


def filter_in_strips(
    picture: Image.Image, change: Callable[[Image.Image], Image.Image], margin: int
) -> Image.Image:
    """Return what `change` makes of the picture, which looks at most `margin` rows around a pixel.

    Done at once, a filter holds a picture three times, and once more to weigh it.
    """
    result = Image.new(picture.mode, picture.size)
    rows = max(4 * margin, PART_PX**2 // picture.width)
    for top in range(0, picture.height, rows):
        first, last = max(0, top - margin), min(picture.height, top + rows + margin)
        strip = change(picture.crop((0, first, picture.width, last)))
        above = top - first
        result.paste(strip.crop((0, above, picture.width, above + rows)), (0, top))
    return result


def _reduce(picture: Image.Image, across: int, down: int) -> Image.Image:
    """Return the means of so many pixels, weighed: Lanczos goes on from four times the size."""
    size = (math.ceil(picture.width / across), math.ceil(picture.height / down))
    step_x, step_y = (each * max(1, PART_PX // each) for each in (across, down))
    result: Image.Image | None = None
    for top in range(0, picture.height, step_y):
        for left in range(0, picture.width, step_x):
            right = min(left + step_x, picture.width)
            bottom = min(top + step_y, picture.height)
            part = _prepare(picture.crop((left, top, right, bottom))).reduce((across, down))
            result = result or Image.new(part.mode, size)
            result.paste(part, (left // across, top // down))
    assert result is not None  # a picture has at least one pixel
    return result


def _prepare(picture: Image.Image) -> Image.Image:
    return weigh(_simplify(picture))


def _simplify(picture: Image.Image) -> Image.Image:
    """Return a picture with 8 bits a colour, and with alpha where something shows through."""
    is_transparent = "transparency" in picture.info
    if picture.mode == "I;16":
        return _simplify_16_bits(picture)
    if picture.mode == "P":
        return picture.convert("RGBA" if is_transparent else "RGB")
    if picture.mode in ("1", "L"):
        return picture.convert("LA" if is_transparent else "L")
    if picture.mode == "RGB" and is_transparent:
        return picture.convert("RGBA")
    return picture


def _simplify_16_bits(picture: Image.Image) -> Image.Image:
    """Bring 65,536 greys to 256; Pillow would cut at 255."""
    deep = picture.convert("I")
    grey = deep.point(TO_8_BITS, "L")
    if "transparency" in picture.info:
        alpha = [255] * 65536
        alpha[picture.info["transparency"]] = 0
        grey.putalpha(deep.point(alpha, "L"))
    return grey
