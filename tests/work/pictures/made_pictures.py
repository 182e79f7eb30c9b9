"""Pictures as phones, cameras, scanners and design programs write them, and how each looks."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.support.png import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    GREY_ALPHA,
    Pixel,
    chunk,
    make_png,
)

from . import profiles

SIZE = (64, 48)
SECRET = b"SECRET"  # stands in every piece of metadata that a picture comes with
COLOURS = ((200, 60, 40), (60, 160, 70), (70, 80, 190), (128, 128, 128))
GREYS = (2, 90, 200, 255)
ALPHAS = (0, 255, 128, 200)
GPS, SERIAL, ORIENTATION, OWNER = 0x8825, 0xC62F, 0x0112, 0x013B


@dataclass(frozen=True)
class Made:
    """A file, and what each of its quarters shows: left and right above, left and right below."""

    name: str
    kind: str
    content: bytes
    quarters: tuple[Pixel, ...]  # in sRGB, red, green, blue and alpha

    @property
    def has_alpha(self) -> bool:
        return any(quarter[3] < 255 for quarter in self.quarters)


def find_quarter(x: int, y: int, size: tuple[int, int] = SIZE) -> int:
    return 2 * (y >= size[1] // 2) + (x >= size[0] // 2)


def draw(mode: str, values: tuple[Any, ...]) -> Image.Image:  # Any: a number or several
    """Return a picture with these values in its quarters."""
    picture = Image.new(mode, SIZE)
    for number, value in enumerate(values):
        left, top = number % 2 * SIZE[0] // 2, number // 2 * SIZE[1] // 2
        picture.paste(value, (left, top, left + SIZE[0] // 2, top + SIZE[1] // 2))
    return picture


def save(picture: Image.Image, kind: str, **options: Any) -> bytes:  # Any: Pillow's own
    """Return the file, with secrets in all places where its format has room for them."""
    buffer = BytesIO()
    texts = PngInfo()
    texts.add_text("Comment", SECRET.decode())
    texts.add_text("Author", SECRET.decode(), zip=True)
    texts.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{SECRET.decode()}</x:xmpmeta>")
    own: dict[str, dict[str, Any]] = {
        "PNG": {"pnginfo": texts},
        "JPEG": {"comment": SECRET, "xmp": SECRET, "quality": 95},
        "MPO": {"comment": SECRET, "quality": 95},
        "WEBP": {"xmp": SECRET, "quality": 95},
    }
    picture.save(buffer, kind, **{"exif": make_exif(), **own[kind], **options})
    return buffer.getvalue()


def make_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[OWNER], exif[SERIAL] = orientation, "SECRET", "SECRET"
    exif.get_ifd(GPS)[1] = "SECRET"
    return exif


def opaque(colours: tuple[Pixel, ...]) -> tuple[Pixel, ...]:
    return tuple((*colour, 255) for colour in colours)


def grey(values: tuple[int, ...]) -> tuple[Pixel, ...]:
    return tuple((value, value, value, 255) for value in values)


def make_all() -> list[Made]:
    return [
        *_modes(),
        *_deep_pngs(),
        *_transparent_colours(),
        *_presses(),
        *_with_profiles(),
        *_turned(),
        *_ways_to_store(),
    ]


def _modes() -> Iterator[Made]:
    yield Made("1", "PNG", save(draw("1", (0, 255, 255, 0)), "PNG"), grey((0, 255, 255, 0)))
    with_alpha = tuple((*colour, alpha) for colour, alpha in zip(COLOURS, ALPHAS, strict=True))
    grey_alpha = tuple((value, alpha) for value, alpha in zip(GREYS, ALPHAS, strict=True))
    seen_grey = tuple((value, value, value, alpha) for value, alpha in grey_alpha)
    for kind in ("PNG", "JPEG", "WEBP"):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        yield Made(f"L {kind}", kind, save(draw("L", GREYS), kind, **options), grey(GREYS))
        content = save(draw("RGB", COLOURS), kind, **options)
        yield Made(f"RGB {kind}", kind, content, opaque(COLOURS))
    for kind in ("PNG", "WEBP"):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        yield Made(f"LA {kind}", kind, save(draw("LA", grey_alpha), kind, **options), seen_grey)
        content = save(draw("RGBA", with_alpha), kind, **options)
        yield Made(f"RGBA {kind}", kind, content, with_alpha)
    yield Made("RGBA lossy", "WEBP", save(draw("RGBA", with_alpha), "WEBP"), with_alpha)
    palette = draw("P", (0, 1, 2, 3))
    palette.putpalette([band for colour in COLOURS for band in colour])
    yield Made("P", "PNG", save(palette, "PNG"), opaque(COLOURS))
    one_clear = ((*COLOURS[0], 255), (*COLOURS[1], 0), (*COLOURS[2], 255), (*COLOURS[3], 255))
    yield Made("P, one clear", "PNG", save(palette, "PNG", transparency=1), one_clear)
    content = save(palette, "PNG", transparency=bytes(ALPHAS))
    yield Made("P with alpha", "PNG", content, with_alpha)
    for bits in (1, 2, 4, 8):
        few = draw("P", (0, 1, 1, 0))
        few.putpalette([*COLOURS[0], *COLOURS[1]])
        seen = opaque((COLOURS[0], COLOURS[1], COLOURS[1], COLOURS[0]))
        yield Made(f"P of {bits} bits", "PNG", save(few, "PNG", bits=bits), seen)


def _at(values: tuple[Pixel, ...]) -> Callable[[int, int], Pixel]:
    return lambda x, y: values[find_quarter(x, y)]


def _deep_pngs() -> Iterator[Made]:
    """Yield PNGs of each number of bits, also interlaced."""
    deep = tuple(tuple(257 * band for band in colour) for colour in COLOURS)
    dark = ((0x0200,), (0x00FF,), (0x8000,), (0xFFFF,))
    for is_interlaced in (False, True):
        word = ", interlaced" if is_interlaced else ""

        def made(
            name: str,
            kind: int,
            bits: int,
            values: tuple[Pixel, ...],
            seen: tuple[Pixel, ...],
            is_interlaced: bool = is_interlaced,
            word: str = word,
        ) -> Made:
            text = chunk(b"tEXt", b"Serial\0" + SECRET)
            content = make_png(SIZE, kind, bits, _at(values), text, is_interlaced)
            return Made(f"{name}{word}", "PNG", content, seen)

        yield made("grey of 16 bits", GREY, 16, dark, grey((2, 1, 128, 255)))
        for bits in (1, 2, 4, 8):
            most = 2**bits - 1
            values = ((0,), (most,), (most // 2,), (most,))
            seen = grey(tuple(255 * value // most for (value,) in values))
            yield made(f"grey of {bits} bits", GREY, bits, values, seen)
        yield made("colours of 16 bits", COLOUR, 16, deep, opaque(COLOURS))
        with_alpha = tuple((*c, 257 * a) for c, a in zip(deep, ALPHAS, strict=True))
        seen = tuple((*c, a) for c, a in zip(COLOURS, ALPHAS, strict=True))
        yield made("colours and alpha of 16 bits", COLOUR_ALPHA, 16, with_alpha, seen)
        both = tuple((257 * g, 257 * a) for g, a in zip(GREYS, ALPHAS, strict=True))
        seen = tuple((g, g, g, a) for g, a in zip(GREYS, ALPHAS, strict=True))
        yield made("grey and alpha of 16 bits", GREY_ALPHA, 16, both, seen)


def _transparent_colours() -> Iterator[Made]:
    """Yield PNGs in which one colour stands for nothing (tRNS)."""
    for bits in (1, 2, 4, 8, 16):
        most = 2**bits - 1
        clear = chunk(b"tRNS", struct.pack(">H", most))
        content = make_png(SIZE, GREY, bits, _at(((most,), (0,), (0,), (most,))), clear)
        clear_white = tuple((*each[:3], 255 - each[0]) for each in grey((255, 0, 0, 255)))
        yield Made(f"grey of {bits} bits, white is clear", "PNG", content, clear_white)
    for bits, factor in ((8, 1), (16, 257)):
        values = tuple(tuple(factor * band for band in colour) for colour in COLOURS)
        clear = chunk(b"tRNS", struct.pack(">HHH", *values[2]))
        content = make_png(SIZE, COLOUR, bits, _at(values), clear)
        seen = tuple((*c, 0 if number == 2 else 255) for number, c in enumerate(COLOURS))
        yield Made(f"colours of {bits} bits, one is clear", "PNG", content, seen)


def _presses() -> Iterator[Made]:
    """Yield JPEGs of four inks, as they are and in the form that Photoshop prefers (YCCK)."""
    inks = tuple((255 - r, 255 - g, 255 - b, 0) for r, g, b in COLOURS)
    cmyk = draw("CMYK", inks)
    yield Made("CMYK", "JPEG", save(cmyk, "JPEG"), opaque(COLOURS))
    content = save(cmyk, "JPEG", progressive=True)
    yield Made("CMYK, progressive", "JPEG", content, opaque(COLOURS))
    *colours, black = cmyk.split()
    luma = [
        band.point(lambda v: 255 - v)
        for band in Image.merge("RGB", colours).convert("YCbCr").split()
    ]
    ycck = save(Image.merge("CMYK", [*luma, black]), "JPEG", subsampling=0)
    at = ycck.index(b"Adobe") + 11
    yield Made("YCCK", "JPEG", ycck[:at] + b"\2" + ycck[at + 1 :], opaque(COLOURS))
    plain = save(draw("CMYK", tuple(tuple(255 - ink for ink in each) for each in inks)), "JPEG")
    adobe = plain.index(b"\xff\xee\0\x0eAdobe")
    content = plain[:adobe] + plain[adobe + 16 :]  # without it 0 stands for no ink
    yield Made("CMYK of no Adobe program", "JPEG", content, opaque(COLOURS))
    profile = profiles.press_profile()
    paper = draw("CMYK", ((0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 0, 255)))
    content = save(paper, "JPEG", icc_profile=profile)
    yield Made("CMYK with a profile", "JPEG", content, grey((255, 119, 119, 119)))


def _with_profiles() -> Iterator[Made]:
    """Yield the same look in the numbers of other colour spaces, in all formats."""
    muted = ((180, 100, 80), (90, 150, 100), (90, 100, 170), (128, 128, 128))
    p3 = draw("RGB", tuple(profiles.as_p3(colour) for colour in muted))
    adobe = draw("RGB", tuple(profiles.as_adobe(colour) for colour in muted))
    lighter = (60, 120, 200, 255)
    linear = draw("L", tuple(profiles.as_linear(value) for value in lighter))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("PNG", "JPEG", "WEBP"):
        options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}

        def made(
            name: str,
            picture: Image.Image,
            profile: bytes,
            seen: tuple[Pixel, ...],
            kind: str = kind,
            options: dict[str, Any] = options,
        ) -> Made:
            content = save(picture, kind, icc_profile=profile, **options)
            return Made(f"{name} {kind}", kind, content, seen)

        yield made("Display P3", p3, profiles.p3_profile(), opaque(muted))
        yield made("Adobe RGB", adobe, profiles.adobe_profile(), opaque(muted))
        yield made("sRGB", draw("RGB", muted), srgb, opaque(muted))
        yield made("damaged profile", draw("RGB", muted), b"SECRET" * 99, opaque(muted))
        yield made(
            "profile of a press", draw("RGB", muted), profiles.press_profile(), opaque(muted)
        )
        if kind != "WEBP":  # it has no grey pictures
            yield made("grey, gamma 1", linear, profiles.grey_profile(), grey(lighter))
            yield made("grey, profile for colours", draw("L", GREYS), srgb, grey(GREYS))
    for name, more, seen in (
        ("gamma 1", b"", grey(lighter)),
        ("gamma 1, and sRGB", chunk(b"sRGB", b"\0"), grey(tuple(map(profiles.as_linear, lighter)))),
    ):
        linear_png = save(linear, "PNG")
        said = chunk(b"gAMA", struct.pack(">I", 100_000)) + more
        yield Made(name, "PNG", linear_png[:33] + said + linear_png[33:], seen)
    clear = p3.copy()
    clear.putalpha(draw("L", ALPHAS))
    seen = tuple((*colour, alpha) for colour, alpha in zip(muted, ALPHAS, strict=True))
    content = save(clear, "PNG", icc_profile=profiles.p3_profile())
    yield Made("Display P3 with alpha", "PNG", content, seen)
    content = save(p3.quantize(4), "PNG", icc_profile=profiles.p3_profile())
    yield Made("P in Display P3", "PNG", content, opaque(muted))
    large = profiles.p3_profile() + bytes(200_000)  # comes in four segments
    content = save(p3, "JPEG", icc_profile=large)
    yield Made("Display P3 in segments", "JPEG", content, opaque(muted))


def _turned() -> Iterator[Made]:
    """Yield the same look stored in the eight ways of EXIF, in all formats."""
    back = Image.Transpose
    ways = (None, back.FLIP_LEFT_RIGHT, back.ROTATE_180, back.FLIP_TOP_BOTTOM, back.TRANSPOSE,
            back.ROTATE_90, back.TRANSVERSE, back.ROTATE_270)  # fmt: skip
    upright = draw("RGB", COLOURS)
    for orientation, way in enumerate(ways, start=1):
        stored = upright if way is None else upright.transpose(way)
        for kind in ("PNG", "JPEG", "WEBP"):
            options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
            content = save(stored, kind, exif=make_exif(orientation), **options)
            yield Made(f"orientation {orientation} {kind}", kind, content, opaque(COLOURS))
    png = save(upright.transpose(back.ROTATE_90), "PNG", exif=b"")
    of_jpeg = b"Exif\0\0" + make_exif(6).tobytes().removeprefix(b"Exif\0\0")
    content = png[:-12] + chunk(b"eXIf", of_jpeg) + png[-12:]
    yield Made("orientation as in a JPEG, behind a PNG", "PNG", content, opaque(COLOURS))
    damaged = b"Exif\0\0II*\0\xff\xff\xff\x7fSECRET"
    yield Made("damaged EXIF", "JPEG", save(upright, "JPEG", exif=damaged), opaque(COLOURS))


def _ways_to_store() -> Iterator[Made]:
    """Yield what else differs between encoders, without a difference to the eye."""
    plain = draw("RGB", COLOURS)
    seen = opaque(COLOURS)
    other = draw("RGB", COLOURS[::-1])
    mpo = save(plain, "MPO", save_all=True, append_images=[other])
    yield Made("MPO of a phone", "JPEG", mpo, seen)
    yield Made("progressive", "JPEG", save(plain, "JPEG", progressive=True), seen)
    for subsampling in (0, 1, 2):
        content = save(plain, "JPEG", subsampling=subsampling)
        yield Made(f"subsampling {subsampling}", "JPEG", content, seen)
    content = save(plain, "JPEG", restart_marker_blocks=1)
    yield Made("restart markers", "JPEG", content, seen)
    grey_progressive = save(draw("L", GREYS), "JPEG", progressive=True)
    yield Made("grey, progressive", "JPEG", grey_progressive, grey(GREYS))
    jpeg = save(plain, "JPEG")
    yield Made("film behind the picture", "JPEG", jpeg + b"\0\0\0\x18ftypmp42SECRET", seen)
    padded = jpeg[:2] + b"\xff\xff\xff" + jpeg[2:]
    yield Made("padding between segments", "JPEG", padded, seen)
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x06SECRET"
    with_iptc = jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + jpeg[2:]
    yield Made("IPTC", "JPEG", with_iptc, seen)
    yield Made("lossy WebP", "WEBP", save(plain, "WEBP"), seen)
    still = save(plain, "PNG")
    one_frame = chunk(b"acTL", struct.pack(">II", 1, 0))
    one_frame += chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *SIZE, 0, 0, 1, 1, 0, 0))
    at = still.index(b"IDAT") - 4
    yield Made("animation of one frame", "PNG", still[:at] + one_frame + still[at:], seen)
    shadowed = still[:33] + chunk(b"tEXt", b"transparency\0SECRET") + still[33:]
    yield Made("text named like a fact", "PNG", shadowed, seen)
