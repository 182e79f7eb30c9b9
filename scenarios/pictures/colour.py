"""Bring the colours of a picture to sRGB, which is what screens take a bare number for."""

from io import BytesIO

from PIL import Image, ImageCms

MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK"}  # colour space of a profile: Pillow's word


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an L, LA, RGB or RGBA picture for one of these or CMYK; alpha stays as it is.

    A profile that is damaged, or made for another kind of picture, is ignored.
    """
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colours = picture.convert(picture.mode.removesuffix("A")) if alpha is not None else picture
    if profile:
        colours = _convert(colours, profile)
    if colours.mode == "CMYK":
        colours = colours.convert("RGB")
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


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
