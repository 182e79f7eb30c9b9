"""Process a picture, index its facts, tell a webhook: CPU-bound work, then a chain of two steps."""

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from .contract import JSONDict, Operation
from .errors import WorkError
from .files import discard_upload, publish, recall, remember, result_path, upload_path
from .picture_index import index
from .status import ReportProgress
from .uploads.pictures import FORMATS, MAX_PIXELS
from .webhook import send_webhook

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}


def process_image(
    task_id: str, operations: list[str], width: int, report_progress: ReportProgress
) -> JSONDict:
    """Apply `operations` in order, publish the picture, index it and send the webhook.

    Returns `width` and `height` in pixels, `format`, `operations`, `size_bytes`.
    Raises `WorkError` if the pixels are damaged or the webhook says no for good.
    """
    report_progress(0)
    if done := recall(task_id):
        return done
    try:
        picture, kind = load(upload_path(task_id))
        report_progress(25)
        picture = transform(picture, [Operation(name) for name in operations], width)
    except WorkError:
        discard_upload(task_id)
        raise
    report_progress(50)
    content = encode(picture, kind)
    publish(task_id, SUFFIXES[kind], content)
    facts: JSONDict = {
        "width": picture.width,
        "height": picture.height,
        "format": kind,
        "operations": operations,
        "size_bytes": len(content),
    }
    index(task_id, facts)
    report_progress(75)
    send_webhook(task_id, facts)
    return remember(task_id, facts)


def find(image_id: str) -> Path:
    """Return the path of a picture that a task has made; raises `WorkError` if there is none."""
    for suffix in SUFFIXES.values():
        if (path := result_path(image_id, suffix)).exists():
            return path
    raise WorkError(f"no picture with the image_id {image_id[:80]!r}")


def load(path: Path) -> tuple[Image.Image, str]:
    """Decode the whole picture, upright, and return it with its format."""
    with Image.open(path, formats=FORMATS) as source:
        kind = source.format or ""
        try:
            upright = ImageOps.exif_transpose(source)
        except Exception as error:  # broken pixels raise whatever the decoder stumbled over
            raise WorkError(f"the picture is damaged: {error}") from error
    keeps_mode = upright.mode in ("L", "RGB") or (upright.mode == "RGBA" and kind != "JPEG")
    return upright if keeps_mode else upright.convert("RGB"), kind


def transform(picture: Image.Image, operations: list[Operation], width: int) -> Image.Image:
    """Apply the operations in their order; the result is `width` pixels wide."""
    height = max(1, round(picture.height * width / picture.width))
    if width * height > MAX_PIXELS:
        raise WorkError(f"the picture would have {width} x {height} pixels, too many")

    def thumbnail(before: Image.Image) -> Image.Image:
        return before.resize((width, height), Image.Resampling.LANCZOS)

    steps: dict[Operation, Callable[[Image.Image], Image.Image]] = {
        Operation.THUMBNAIL: thumbnail,
        Operation.GRAYSCALE: ImageOps.grayscale,
        Operation.BLUR: lambda before: before.filter(ImageFilter.GaussianBlur(4)),
        Operation.SHARPEN: lambda before: before.filter(ImageFilter.UnsharpMask(2, 120)),
        Operation.WATERMARK: watermark,
    }
    for operation in operations:
        picture = steps[operation](picture)
    return picture if picture.width == width else thumbnail(picture)


def watermark(picture: Image.Image) -> Image.Image:
    """Write a name into the lower left corner, as large as a twelfth of the picture."""
    marked = picture.copy()
    size = max(8, picture.width // 12)
    position = (size // 2, picture.height - 2 * size)
    ink = 255 if marked.mode == "L" else "white"
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(marked)
    draw.text(position, "example.com", fill=ink, font=font, stroke_width=size // 16)
    return marked


def encode(picture: Image.Image, kind: str) -> bytes:
    """Return the bytes of the picture in its own format."""
    buffer = io.BytesIO()
    picture.info.pop("comment", None)  # it would be kept, whatever it holds: a script, a name
    picture.save(buffer, kind, quality=85)
    return buffer.getvalue()
