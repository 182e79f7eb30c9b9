"""Colour profiles (ICC), made byte by byte, and the sums that turn sRGB into their numbers."""

import struct

Matrix = tuple[tuple[float, float, float], ...]

# From linear sRGB to the primaries of the profile; both have the white of daylight (D65).
TO_P3: Matrix = (
    (0.822462, 0.177538, 0.0),
    (0.033194, 0.966806, 0.0),
    (0.017083, 0.072397, 0.910520),
)
TO_ADOBE: Matrix = ((0.715127, 0.284873, 0.0), (0.0, 1.0, 0.0), (0.0, 0.041166, 0.958834))
# The colorants of the two, adapted to D50, as published by the ICC and Adobe: red, green, blue.
P3 = (
    (0.515102, 0.241182, -0.001050),
    (0.291965, 0.692236, 0.041882),
    (0.157153, 0.066582, 0.784378),
)
ADOBE = (
    (0.609741, 0.311113, 0.019470),
    (0.205276, 0.625671, 0.060867),
    (0.149185, 0.063217, 0.744568),
)
WHITE = (0.964203, 1.0, 0.824905)
ADOBE_GAMMA = 563 / 256


def from_srgb(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def to_srgb(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def as_p3(colour: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers that show the sRGB `colour` under the profile Display P3."""
    return tuple(round(255 * to_srgb(each)) for each in _mixed(colour, TO_P3))


def as_adobe(colour: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers that show the sRGB `colour` under the profile Adobe RGB."""
    return tuple(round(255 * each ** (1 / ADOBE_GAMMA)) for each in _mixed(colour, TO_ADOBE))


def as_linear(grey: int) -> int:
    """Return the number that shows this sRGB grey under a profile with gamma 1."""
    return round(255 * from_srgb(grey / 255))


def p3_profile() -> bytes:
    parameters = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    curve = b"para\0\0\0\0\0\3\0\0" + b"".join(map(_fixed, parameters))
    return _matrix_profile(P3, curve)


def adobe_profile() -> bytes:
    return _matrix_profile(ADOBE, b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) + b"\0\0")


def grey_profile() -> bytes:
    """Return a profile with gamma 1: twice the number is twice the light."""
    return _profile(b"scnr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(WHITE), b"kTRC": b"curv" + bytes(8)})


def press_profile() -> bytes:
    """Return a CMYK profile of a strange press: bare paper is white, any ink is a middle grey."""
    corners = [255 if number == 0 else 128 for number in range(16)]
    lab = b"".join(bytes([lightness, 128, 128]) for lightness in corners)
    ramp = bytes(range(256))
    identity = b"".join(_fixed(float(n)) for n in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + lab + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(WHITE), b"A2B0": table})


def _mixed(colour: tuple[int, ...], matrix: Matrix) -> list[float]:
    linear = [from_srgb(each / 255) for each in colour]
    return [sum(a * b for a, b in zip(row, linear, strict=True)) for row in matrix]


def _matrix_profile(colorants: Matrix, curve: bytes) -> bytes:
    tags = {b"wtpt": _xyz(WHITE)}
    for name, colorant in zip((b"r", b"g", b"b"), colorants, strict=True):
        tags |= {name + b"XYZ": _xyz(colorant), name + b"TRC": curve}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def _profile(device: bytes, colours: bytes, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return the header of 128 bytes, the table of the tags and the tags."""
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 7) + b"SECRET\0" + bytes(79), **tags}
    table, content = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(content), len(tag))
        content += tag + bytes(-len(tag) % 4)
    size = start + len(content)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x04300000, device, colours, space)
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(_fixed, WHITE))
    return header.ljust(128, b"\0") + table + content


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
