"""Look at a CSV file of orders before its job is taken."""

import codecs
from typing import BinaryIO

from scenarios.errors import BadUpload

COLUMNS = ["date", "region", "product", "quantity", "unit_price"]
CHUNK_BYTES = 1 << 16


def check_csv(file: BinaryIO) -> None:
    """Accept UTF-8 text with the right header and at least one row."""
    header = ",".join(COLUMNS)
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    file.seek(0)
    text = ""
    try:
        while chunk := file.read(CHUNK_BYTES):
            decoded = decoder.decode(chunk)
            text = text or decoded
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadUpload("the file is not UTF-8") from None
    first, _, rest = text.partition("\n")
    if first.strip() != header:
        raise BadUpload(f"the first line is {first.strip()[:80]!r}, not {header!r}")
    if not rest.strip():
        raise BadUpload("there is no order below the header")
