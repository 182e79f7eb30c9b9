"""Do the work of one picture and print what it took: MiB of growth, and seconds of a processor.

Run in a process of its own: python -m tests.work.pictures.one_picture FILE WIDTH OPERATION…
"""

import resource
import sys
import time
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw, ImageFont

from scenarios import image
from scenarios.contract import Operation
from scenarios.errors import BadUpload, WorkError
from scenarios.uploads import image_check


def read_peak_kib() -> int:
    """Return the most memory of this process; on Linux `ru_maxrss` begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # macOS counts bytes


def main(path: Path, width: int, operations: list[Operation]) -> None:
    """Check, load, change and encode, as the route and the job do."""
    ImageDraw.Draw(Image.new("L", (9, 9))).text((0, 0), "a", font=ImageFont.load_default(9))
    ImageCms.createProfile("sRGB")
    before_kib, begin_s = read_peak_kib(), time.process_time()
    outcome = "made"
    try:
        image_check(operations, width)(BytesIO(path.read_bytes()))
        picture, kind = image.load(path, width)
        image.encode(image.transform(picture, operations, width), kind)
    except BadUpload as error:
        outcome = f"refused: {error}"
    except WorkError as error:
        outcome = f"failed: {error}"
    took_s, growth_kib = time.process_time() - begin_s, read_peak_kib() - before_kib
    print(f"{growth_kib / 1024:.0f} {took_s:.2f} {outcome}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [Operation(name) for name in sys.argv[3:]])
