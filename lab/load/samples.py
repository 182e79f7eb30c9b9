"""Inputs for measurements and tests, the same bytes for the same seed: orders and photographs.

The photographs have detail at every scale, as those of a camera do. Flat pictures are decoded and
encoded several times faster, so a measurement with them would show too small times.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import cast

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageOps

PHOTO_PX = (4000, 3000)
REGIONS = ("North", "South", "East", "West", "Übersee")
PRODUCTS = ("Lamp", "Desk", "Chair", "Shelf", "Rug", "Clock", "Mirror", "Vase")


@dataclass(frozen=True)
class Orders:
    """A CSV file of orders and what it adds up to."""

    csv: bytes
    rows: int
    total: Decimal


def make_orders(rows: int = 10_000, seed: int = 1) -> Orders:
    """Return `rows` orders of one year with their exact total."""
    dice = random.Random(seed)
    lines = ["date,region,product,quantity,unit_price"]
    total = Decimal(0)
    for _ in range(rows):
        day = date(2025, 1, 1) + timedelta(days=dice.randrange(365))
        quantity, price = dice.randint(1, 12), Decimal(dice.randint(199, 49_999)).scaleb(-2)
        total += quantity * price
        lines.append(f"{day},{dice.choice(REGIONS)},{dice.choice(PRODUCTS)},{quantity},{price}")
    return Orders("\n".join(lines).encode() + b"\n", rows, total)


def make_photo(size_px: tuple[int, int] = PHOTO_PX, seed: int = 1) -> Image.Image:
    """Return an RGB picture of (width, height) with gradients, edges and fine grain."""
    dice = random.Random(seed)
    picture = _clouds(size_px, dice)
    _draw_edges(picture, dice)
    texture = _texture(size_px, dice)
    return ImageChops.add(picture, Image.merge("RGB", (texture,) * 3), offset=-128)


def make_photos(count: int, size_px: tuple[int, int] = PHOTO_PX, seed: int = 1) -> list[bytes]:
    """Return `count` different JPEG files: one picture, mirrored and in other colours."""
    base = make_photo(size_px, seed)
    return [encode(_variant(base, number)) for number in range(count)]


def encode(picture: Image.Image, file_format: str = "JPEG") -> bytes:
    """Return the bytes of a "JPEG", "PNG" or "WEBP" file."""
    buffer = BytesIO()
    picture.save(buffer, file_format, quality=92)
    return buffer.getvalue()


def _clouds(size_px: tuple[int, int], dice: random.Random) -> Image.Image:
    """Return soft colours: a few random pixels, stretched."""
    few = bytes(dice.choices(range(30, 226), k=8 * 6 * 3))
    return Image.frombytes("RGB", (8, 6), few).resize(size_px, Image.Resampling.BICUBIC)


def _draw_edges(picture: Image.Image, dice: random.Random) -> None:
    """Draw leaves and stems of many sizes, the large ones first."""
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    for across in sorted((min(dice.paretovariate(1.2), 30) for _ in range(2500)), reverse=True):
        x, y = dice.randrange(width), dice.randrange(height)
        right, down = across * width / 400, across * dice.uniform(0.3, 2) * width / 400
        leaf, stem = _near(picture, x, y, dice), _near(picture, x, y, dice)
        draw.ellipse((x - right, y - down, x + right, y + down), leaf)
        draw.line((x, y, x + right, y + 2 * down), stem, 1 + width // 1500)


def _near(picture: Image.Image, x: int, y: int, dice: random.Random) -> tuple[int, ...]:
    """Return a colour like the one at (x, y), lighter or darker."""
    pixel, light = cast(tuple[int, ...], picture.getpixel((x, y))), dice.randint(-60, 60)
    return tuple(min(max(band + light + dice.randint(-20, 20), 0), 255) for band in pixel)


def _texture(size_px: tuple[int, int], dice: random.Random) -> Image.Image:
    """Return grey noise in octaves, from fine grain to ever stronger shadows."""
    texture = Image.new("L", size_px, 128)
    for octave in range(7):
        small = (size_px[0] >> octave or 1, size_px[1] >> octave or 1)
        noise = Image.frombytes("L", small, dice.randbytes(small[0] * small[1]))
        texture = Image.blend(texture, noise.resize(size_px, Image.Resampling.BILINEAR), 0.17)
    return texture


def _variant(base: Image.Image, number: int) -> Image.Image:
    picture = ImageOps.mirror(base) if number % 2 else base
    bands = picture.split()
    turned = Image.merge("RGB", [bands[(band + number // 2) % 3] for band in range(3)])
    return turned if number < 6 else ImageEnhance.Color(turned).enhance(1 + number / 10)
