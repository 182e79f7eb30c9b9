"""Bring the colours of a picture to sRGB, which is what screens take a bare number for."""

from io import BytesIO

from PIL import Image, ImageCms

MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK"}  # colour space of a profile: Pillow's word


def to_srgb(picture: Image.Image, profile: bytes | None, gamma: float | None = None) -> Image.Image:
    """Return an L, LA, RGB or RGBA picture for one of these or CMYK; alpha stays as it is.

    A profile that is damaged, or made for another kind of picture, is ignored.
    """
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colours = picture.convert(picture.mode.removesuffix("A")) if alpha is not None else picture
    if profile:
        colours = _convert(colours, profile)
    elif gamma:
        curve = [round(255 * _encode((n / 255) ** (1 / gamma))) for n in range(256)]
        colours = colours.point(curve * len(colours.getbands()))
    if colours.mode == "CMYK":
        colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def _encode(light: float) -> float:
    """Return the number of sRGB for this light; both go from 0 to 1 (IEC 61966-2-1)."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _convert(colours: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = MODES.get(source.profile.xcolor_space)
        is_grey_among_colours = mode == "RGB" and colours.mode == "L"  # as some scanners write it
        if mode != colours.mode and not is_grey_among_colours:
            return colours
        numbers = colours.convert(mode)
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(numbers, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return colours
    assert converted is not None  # it is None for inPlace=True alone
    return converted.convert("L") if colours.mode == "L" else converted
