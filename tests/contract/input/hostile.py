"""Two hundred hostile files, the same ones in each run: cut, damaged, doubled, bombs."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from lab.load.samples import encode, make_orders, make_photo
from tests.support.png import bomb, broken_pixels, chunk, flat_png, png

COUNT = 200
MIB = 1024**2
BOMB_MIB = 20  # a few kB of file unpack to so much; 64 million pixels are a bomb of their own
Damage = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True)
class Hostile:
    """A file and the route that it is sent to."""

    name: str
    path: str
    content: bytes


@cache
def make_hostile_files(seed: int = 20261121) -> list[Hostile]:
    """Return the crafted files, and as many damaged ones as make it 200."""
    chance = random.Random(seed)
    files = list(_crafted())
    goods = _goods()
    while len(files) < COUNT:
        name, path, good = chance.choice(goods)
        damage = chance.choice(DAMAGES)
        title = f"{name} {damage.__name__.strip('_')} {len(files)}"
        files.append(Hostile(title, path, damage(chance, good)))
    return files


def _goods() -> list[tuple[str, str, bytes]]:
    photo = make_photo((64, 48))
    pictures = [(kind, "/images", encode(photo, kind)) for kind in ("PNG", "JPEG", "WEBP")]
    return [*pictures, ("CSV", "/reports", make_orders(20).csv)]


def _cut(chance: random.Random, good: bytes) -> bytes:
    return good[: chance.randrange(len(good))]


def _flip_bits(chance: random.Random, good: bytes) -> bytes:
    changed = bytearray(good)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _swap_a_part(chance: random.Random, good: bytes) -> bytes:
    begin = chance.randrange(len(good))
    return good[:begin] + chance.randbytes(chance.randint(1, 64)) + good[begin + 16 :]


def _claim_a_size(chance: random.Random, good: bytes) -> bytes:
    at = chance.randrange(min(len(good), 64))
    return good[:at] + chance.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"]) + good[at + 4 :]


def _append_an_archive(chance: random.Random, good: bytes) -> bytes:
    return good + _archive(chance.randint(1, 4))


def _put_a_script_first(chance: random.Random, good: bytes) -> bytes:
    return chance.choice([b"#!/bin/sh\nid\n", b"<?php id(); ?>", b"%PDF-1.7\n", b"MZ\x90"]) + good


DAMAGES: list[Damage] = [
    _cut,
    _flip_bits,
    _swap_a_part,
    _claim_a_size,
    _append_an_archive,
    _put_a_script_first,
]


def _archive(size_mib: int) -> bytes:
    """Return a zip file of a few kB that unpacks to so many MiB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/cron.d/evil", bytes(size_mib * MIB))
    return buffer.getvalue()


def _crafted() -> Iterator[Hostile]:
    """Yield files that are hostile on purpose: bombs, and one file in two formats."""
    photo, zeros = make_photo((64, 48)), zlib.compress(bytes(BOMB_MIB * MIB), 9)
    pictures = {
        "64 million pixels": bomb(),
        "pixels that cannot be unpacked": broken_pixels(),
        "pixels without end": png((16, 16), zeros),
        "text bomb": flat_png(16, 16, chunks=chunk(b"zTXt", b"Comment\0\0" + zeros)),
        "profile bomb": flat_png(16, 16, chunks=chunk(b"iCCP", b"ICC\0\0" + zeros)),
        "no pixels at all": png((0, 0), zlib.compress(b"")),
        "largest size of all": png((2**31 - 1, 2**31 - 1), zlib.compress(bytes(64))),
        "zip in front": _archive(1) + encode(photo, "PNG"),
        "page in a comment": _comment(encode(photo, "JPEG"), b"<script>alert(1)</script>"),
        "zip alone": _archive(BOMB_MIB),
        "SVG that reads a file": b'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>',
        "WebP of 16384 x 16384": _huge_webp(),
        "thousand frames": _animation(),
    }
    for name, content in pictures.items():
        yield Hostile(name, "/images", content)
    header = b"date,region,product,quantity,unit_price\n"
    tables = {
        "one endless field": header + b'"' + b"x" * MIB,
        "quotes": header + b'"' * 10_001,
        "NUL bytes": header + b"2026-01-01,\0,\0,1,1.00\n",
        "formula": header + b"2026-01-01,\"=cmd|'/C calc'!A0\",Lamp,1,1.00\n",
        "SQL": header + b"2026-01-01,North'); DROP TABLE orders;--,Lamp,1,1.00\n",
        "markup for the PDF": header + b"2026-01-01,<para><img src='/etc/passwd'/>,<b>,1,1.00\n",
        "huge numbers": header + b"2026-01-01,North,Lamp," + b"9" * 5000 + b",1e999999\n",
        "not a number": header + b"2026-01-01,North,Lamp,1,NaN\n",
        "many columns": header + b"," * 100_000 + b"\n",
        "many regions": header + b"".join(b"2026-01-01,r%d,Lamp,1,1\n" % n for n in range(3000)),
        "picture and table": encode(photo, "PNG") + header,
    }
    for name, content in tables.items():
        yield Hostile(name, "/reports", content)


def _comment(jpeg: bytes, text: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + jpeg[2:]


def _huge_webp() -> bytes:
    """Return a lossless WebP whose header names the largest size there is."""
    content = b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + bytes(20)
    body = b"WEBPVP8L" + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _animation() -> bytes:
    buffer = io.BytesIO()
    frames = [make_photo((16, 16))] * 1000
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()
