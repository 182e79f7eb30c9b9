"""Read the one value of EXIF that says how a picture looks."""

import struct

ORIENTATION = 0x0112
NUMBERS = {3: "H", 4: "I"}  # types of EXIF: cameras write the first, some programs the second


def read_orientation(exif: bytes) -> int:
    """Return 1 to 8; 1, upright, for EXIF data that are damaged or do not say it.

    A general parser is not wanted here: each of the 65,536 entries may point at the same
    megabytes, and one that copies what is pointed at fills the memory.
    """
    exif = exif.removeprefix(b"Exif\0\0")  # belongs to a JPEG, and some programs write it elsewhere
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for number in range(count):
            at = directory + 2 + 12 * number
            tag, kind = struct.unpack_from(f"{order}HH", exif, at)
            if tag == ORIENTATION and kind in NUMBERS:
                (value,) = struct.unpack_from(order + NUMBERS[kind], exif, at + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
