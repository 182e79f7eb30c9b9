"""How large the new picture becomes, and whether that is bearable: known before any decoding."""

from scenarios.errors import BadUpload

from .parts import MAX_SIDE_PX, Parts

MAX_RESULT_PIXELS = 22_500_000  # a photograph taken upright, 4096 pixels wide
MAX_CLEAR_WEBP_PIXELS = 8_000_000  # to encode one with alpha takes 40 bytes a pixel
MAX_CHANGED_PIXELS = 130_000_000  # by all operations of a job: some seconds
MAX_WEBP_SIDE_PX = 16_383


def find_size(parts: Parts, width: int) -> tuple[int, int]:
    """Return width and height of the upright result; raises `BadUpload` if it costs too much."""
    before = (parts.width, parts.height)
    if parts.orientation >= 5:  # it lies on its side
        before = before[::-1]
    height = max(1, round(before[1] * width / before[0]))
    most, longest = MAX_RESULT_PIXELS, MAX_SIDE_PX
    if parts.kind == "WEBP":
        most, longest = (MAX_CLEAR_WEBP_PIXELS if parts.has_alpha else most), MAX_WEBP_SIDE_PX
    if (width * height > most or height > longest) and width != before[0]:
        raise BadUpload(f"the picture would have {width} x {height} pixels, too many")
    return width, height


def check_operations(size: tuple[int, int], operations: int) -> None:
    """Refuse so many operations on a result of this size if they would take long."""
    width, height = size
    if width * height * operations > MAX_CHANGED_PIXELS:
        raise BadUpload(f"{operations} operations on {width} x {height} pixels, too many")
