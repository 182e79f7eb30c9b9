"""What a picture is made of, and what it may cost to decode it."""

from dataclasses import dataclass

from scenarios.errors import BadUpload

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 50_000_000
MAX_SIDE_PX = 65_500  # of libjpeg: no JPEG may be longer
MAX_DECODED_BYTES = 350 * 1024**2
MAX_PROFILE_BYTES = 4 * 1024**2  # the largest ones, of printing presses, have about 3 MB
CUT_OFF = "the picture is cut off"
DAMAGED = "the header of the picture is damaged"


@dataclass(frozen=True)
class Parts:
    """A picture without its metadata, and what of those says how it looks."""

    kind: str
    width: int  # pixels, as stored: `orientation` may turn them
    height: int
    content: bytes  # a file of this kind, for the decoder
    decoded_bytes: int  # what the decoder holds at once
    has_alpha: bool = False  # perhaps; told of a WebP alone
    profile: bytes | None = None  # ICC: what the numbers of a pixel mean
    gamma: float | None = None  # a number is the light to this power; None: those of sRGB
    orientation: int = 1  # EXIF: 2 to 8 have to be turned or mirrored


def check_cost(parts: Parts) -> None:
    """Refuse what has too many pixels, a side that no format can store, or is dear to decode."""
    size = f"{parts.width} x {parts.height} pixels"
    if not parts.width or not parts.height:
        raise BadUpload(f"{size} are no picture")
    if parts.width * parts.height > MAX_PIXELS:
        raise BadUpload(f"{size} are more than {MAX_PIXELS:,}")
    if max(parts.width, parts.height) > MAX_SIDE_PX:
        raise BadUpload(f"{size}: no side may be longer than {MAX_SIDE_PX:,}")
    if parts.decoded_bytes > MAX_DECODED_BYTES:
        needed, most = (n // 1024**2 for n in (parts.decoded_bytes, MAX_DECODED_BYTES))
        raise BadUpload(
            f"decoding {size} of this kind of {parts.kind} takes {needed} MiB, more than {most} MiB"
        )


def check_profile(profile: bytes) -> bytes:
    """Return the colour profile; refuse one that is larger than any real one."""
    if len(profile) > MAX_PROFILE_BYTES:
        raise BadUpload(f"the colour profile is larger than {MAX_PROFILE_BYTES // 1024**2} MiB")
    return profile
